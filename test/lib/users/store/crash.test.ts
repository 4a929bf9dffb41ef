import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import type { Step } from '../../../../lib/users/store/steps.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { allVersions, everything, openUserStore, stagingOf } from '../../../support/user-store.ts'
import { runVictim } from '../../../support/victims.ts'

const run = (...args: string[]) => runVictim('user-store-victim.ts', ...args)

/** What stands under a name, and the versions of it that are kept. */
type State = Record<string, string[]>

const before: State = {
  'old.txt': ['second', 'first'],
  'other.txt': ['other'],
  'gone.txt': ['(deleted)', 'gone'],
}
const file = '00040d123456/00040d123456-boot.log'

/** What each operation makes of it, and the steps it goes through. From `journaled` on, a restart completes it. */
const operations: Record<string, { after: State; steps: readonly Step[] }> = {
  new: {
    after: { ...before, 'new.txt': ['first'] },
    steps: ['staged', 'kept', 'synced', 'journaled', 'renamed', 'folder synced', 'pruned'],
  },
  'new in a folder': {
    after: { ...before, [file]: ['first'] },
    steps: ['staged', 'kept', 'synced', 'journaled', 'renamed', 'folder synced'],
  },
  replace: {
    after: { ...before, 'old.txt': ['third', 'second'] },
    steps: ['staged', 'kept', 'synced', 'journaled', 'renamed', 'folder synced', 'pruned'],
  },
  delete: {
    after: { ...before, 'old.txt': ['(deleted)', 'second', 'first'] },
    steps: ['kept', 'synced', 'journaled', 'removed', 'folder synced', 'pruned'],
  },
  undelete: {
    after: { ...before, 'gone.txt': ['gone', '(deleted)', 'gone'] },
    steps: ['staged', 'kept', 'synced', 'journaled', 'renamed', 'folder synced', 'pruned'],
  },
  rename: {
    after: { ...before, 'old.txt': ['(deleted)', 'second', 'first'], 'other.txt': ['second', 'other'] },
    steps: ['staged', 'kept', 'synced', 'journaled', 'renamed', 'removed', 'folder synced', 'pruned'],
  },
  compaction: { after: before, steps: ['segment written', 'segment in place', 'old segment removed'] },
}

for (const [operation, { after, steps }] of Object.entries(operations)) {
  for (const step of steps) {
    test(`killed when ${operation} has come to "${step}", a restart finds all that was acknowledged`, async (t) => {
      const folder = await temporaryFolder(t)
      const { said, killed } = await run('step', folder, operation, step)
      assert.deepEqual({ said, killed }, { said: '', killed: true })
      const isDurable = steps.indexOf(step) >= steps.indexOf('journaled')
      await checkRestart(t, folder, isDurable ? after : before)
    })
  }
}

test('what was acknowledged is there after an orderly end, too', async (t) => {
  const folder = await temporaryFolder(t)
  const { said } = await run('step', folder, 'replace', 'none')
  assert.equal(said, 'acknowledged\n')
  await checkRestart(t, folder, operations['replace']?.after ?? {})
})

async function checkRestart(t: TestContext, folder: string, expected: State): Promise<void> {
  const first = await openUserStore(t, { dataFolder: folder, versions: 2 })
  assert.deepEqual(await stateOf(first.store, Object.keys(expected)), expected)
  const standing = Object.entries(expected).filter(([, [newest]]) => newest !== '(deleted)')
  assert.deepEqual(
    first.store
      .files()
      .map(({ name }) => String(name))
      .toSorted(),
    standing.map(([name]) => name).toSorted(),
  )
  for (const [name, [content]] of standing)
    assert.equal((await first.store.read(parseFileName(name))).content?.toString(), content)
  assert.deepEqual(stagingOf(folder), [])
  assert.deepEqual(first.alarms.list(), [])
  assert.deepEqual(first.logged, [])
  await first.stop()
  const disk = everything(folder)
  const second = await openUserStore(t, { dataFolder: folder, versions: 2 })
  await second.stop()
  assert.deepEqual(everything(folder), disk)
}

async function stateOf(store: Parameters<typeof allVersions>[0], names: readonly string[]): Promise<State> {
  const state: State = {}
  for (const name of names) state[name] = await allVersions(store, parseFileName(name))
  return state
}
