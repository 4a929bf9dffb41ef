import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Step } from '../../../../lib/users/store/steps.ts'
import type { UserStore } from '../../../../lib/users/store/user-store.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { copyAll, openTwin, reseed, type TwinStore } from '../../../support/twins.ts'
import { allVersions, everything, stagingOf } from '../../../support/user-store.ts'
import { runVictim } from '../../../support/victims.ts'

const run = (...args: string[]) => runVictim('twin-victim.ts', ...args)

const before = { 'old.txt': ['second', 'first'], 'other.txt': ['other'], 'gone.txt': ['(deleted)', 'gone'] }
const removed = ['(deleted)', 'second', 'first']
/** What each operation makes of it. */
const operations: Record<string, Record<string, string[]>> = {
  'new in a folder': { ...before, '00040d123456/00040d123456-boot.log': ['first'] },
  replace: { ...before, 'old.txt': ['third', 'second'] },
  delete: { ...before, 'old.txt': removed },
  rename: { ...before, 'old.txt': removed, 'other.txt': ['second', 'other'] },
  'by hand': { ...before, 'old.txt': ['written by hand', 'first'] },
  'removed by hand': { ...before, 'old.txt': ['(deleted)', 'first'] },
}
const steps: readonly Step[] = ['kept', 'synced', 'journaled', 'renamed', 'removed', 'folder synced']

for (const [operation, after] of Object.entries(operations)) {
  const all: readonly Step[] = operation === 'replace' ? ['staged', ...steps, 'pruned'] : steps
  for (const step of all) {
    test(`row 47: killed when following "${operation}" has come to "${step}", it goes on from there`, async (t) => {
      const folder = await temporaryFolder(t)
      assert.deepEqual(await run('follow', folder, operation, step), { said: '', killed: true })
      const b = await openTwin(t, { dataFolder: join(folder, 'b'), versions: 2 })
      const isDurable = all.indexOf(step) >= all.indexOf('journaled')
      assert.deepEqual(await stateOf(b.store), isDurable ? after : before)
      await checkClean(b)
      await checkEqualAfter(t, folder, b, copyAll)
    })
  }
}

const reseedSteps: readonly Step[] = [
  'rescued',
  'fetched',
  'noted',
  'segment written',
  'segment in place',
  'old segment removed',
  'placed',
  'released',
  'reseeded',
]

for (const step of reseedSteps) {
  test(`killed when making both equal has come to "${step}", it is the old state or the new one, and nothing is lost`, async (t) => {
    const folder = await temporaryFolder(t)
    assert.deepEqual(await run('reseed', folder, '-', step), { said: '', killed: true })
    const b = await openTwin(t, { dataFolder: join(folder, 'b'), versions: 2 })
    const isSwitched = reseedSteps.indexOf(step) >= reseedSteps.indexOf('segment in place')
    assert.deepEqual(await stateOf(b.store), isSwitched ? reseeded : diverged)
    await checkClean(b)
    const rescued = await b.store.twin.rescue.list()
    assert.deepEqual(
      rescued.map(({ name, op, hash }) => [name, op, hash !== undefined]),
      [
        ['old.txt', 'put', true],
        ['new.txt', 'put', true],
        ['other.txt', 'delete', false],
      ],
    )
    await checkEqualAfter(t, folder, b, isSwitched ? copyAll : reseed)
    assert.equal((await b.store.twin.rescue.list()).length, 3)
  })
}

const diverged = {
  'old.txt': ['only here', 'second'],
  'other.txt': ['(deleted)', 'other'],
  'gone.txt': ['(deleted)', 'gone'],
  'new.txt': ['nor there'],
}
const reseeded = {
  'old.txt': ['third', 'second'],
  'other.txt': ['other'],
  'gone.txt': ['back', '(deleted)', 'gone'],
  'another.txt': ['third'],
}

test('what is not killed comes to the same end', async (t) => {
  const folder = await temporaryFolder(t)
  assert.deepEqual(await run('reseed', folder, '-', 'none'), {
    said: 'done\n',
    killed: false,
  })
  const b = await openTwin(t, { dataFolder: join(folder, 'b'), versions: 2 })
  assert.deepEqual(await stateOf(b.store), reseeded)
})

async function checkClean({ store, folder, alarms, logged }: TwinStore): Promise<void> {
  await store.twin.drift.look()
  assert.deepEqual(store.twin.drift.list(), [])
  assert.deepEqual(stagingOf(folder), [])
  assert.deepEqual([alarms.list(), logged], [[], []])
}

/** What was missed is done, both are equal, and another restart changes nothing. */
async function checkEqualAfter(
  t: TestContext,
  folder: string,
  b: TwinStore,
  mend: (from: UserStore, to: UserStore) => Promise<void>,
): Promise<void> {
  const a = await openTwin(t, { dataFolder: join(folder, 'a'), versions: 2 })
  await mend(a.store, b.store)
  assert.deepEqual(b.store.twin.root(), a.store.twin.root())
  assert.deepEqual(await stateOf(b.store), await stateOf(a.store))
  const rescued = await b.store.twin.rescue.list()
  await b.stop()
  const disk = everything(join(folder, 'b'))
  const again = await openTwin(t, { dataFolder: join(folder, 'b'), versions: 2 })
  assert.deepEqual(await again.store.twin.rescue.list(), rescued)
  await again.stop()
  assert.deepEqual(everything(join(folder, 'b')), disk)
}

/** What stands under every name, and the versions of it that are kept. */
async function stateOf(store: UserStore): Promise<Record<string, string[]>> {
  const state: Record<string, string[]> = {}
  const names = [...store.files(), ...store.deleted()].map(({ name }) => name)
  for (const name of names) state[name] = await allVersions(store, name)
  for (const { name } of store.files())
    assert.equal((await store.read(name)).content?.toString(), state[name]?.[0])
  return state
}
