import assert from 'node:assert/strict'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { chown, mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { isRoot } from '../../../../lib/base/process.ts'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { parseSegment } from '../../../../lib/users/store/journal-lines.ts'
import type { Step } from '../../../../lib/users/store/steps.ts'
import { refusedAs } from '../../../support/refused.ts'
import {
  allVersions,
  contentOf,
  dataOf,
  keptOf,
  openUserStore,
  phone,
  save,
  stagingOf,
  type OpenUserStore,
} from '../../../support/user-store.ts'
import { needsRoot } from '../../../support/programs.ts'

const name = dataOf('4711')
const victim = new URL('../../../support/user-store-victim.ts', import.meta.url).pathname

/** Until the new content is in place, the change can be taken back; after that, only a restart can tell. */
const takenBack: readonly Step[] = ['staged', 'kept', 'synced', 'journaled']
const unclear: readonly Step[] = ['renamed', 'folder synced']

for (const step of takenBack) {
  test(`an error after "${step}" leaves the old version, also over a restart, and the store goes on`, async (t) => {
    const { store, folder, steps, stop } = await openUserStore(t)
    await save(store, name, 'old')
    steps.on = failingAt(step)
    await assert.rejects(save(store, name, 'new'), /cannot store 4711_96xxdata.txt: EIO/)
    if (step === 'staged')
      await store.remove(name, phone) // a deletion stages nothing
    else await assert.rejects(store.remove(name, phone), /EIO/)
    steps.on = () => {}
    if (step === 'staged') await store.undelete(name, phone)
    assert.equal(await contentOf(store, name), 'old')
    assert.deepEqual(stagingOf(folder), [])
    const versions = await allVersions(store, name)
    assert.equal(keptOf(folder).length, versions.filter((content) => content !== '(deleted)').length - 1)
    await stop()
    const again = await openUserStore(t, { dataFolder: folder })
    assert.deepEqual(await allVersions(again.store, name), versions)
    assert.deepEqual(again.logged, [])
    assert.equal(await save(again.store, name, 'newer'), 'replaced')
  })
}

for (const step of unclear) {
  test(`an error after "${step}" is told, nothing more is stored until a restart, and that finds the new version`, async (t) => {
    const { store, folder, steps, stop, alarms } = await openUserStore(t)
    await save(store, name, 'old')
    steps.on = failingAt(step)
    await assert.rejects(save(store, name, 'new'), /EIO/)
    steps.on = () => {}
    await assert.rejects(save(store, dataOf('4712'), 'other'), /mend it and restart/)
    assert.match(alarms.list()[0]?.text ?? '', /no user data is stored any more/)
    assert.equal(await contentOf(store, name), 'new')
    await stop()
    const again = await openUserStore(t, { dataFolder: folder })
    assert.deepEqual(await allVersions(again.store, name), ['new', 'old'])
  })
}

test(
  'd53: on a full disk the old version stays, the phone and an alarm say why, and room is enough to go on',
  needsRoot('mount a small disk'),
  async (t) => {
    const { store, folder, alarms } = await onSmallDisk(t)
    await save(store, name, 'old')
    const ballast = await fillUp(folder)
    const upload = await store.begin(name, phone)
    await assert.rejects(upload.write(Buffer.alloc(200_000)), refusedAs('diskFull'))
    await assert.rejects(save(store, name, 'x'.repeat(10_000)), refusedAs('diskFull'))
    assert.deepEqual(stagingOf(folder), [])
    assert.deepEqual(await allVersions(store, name), ['old'])
    assert.match(alarms.list()[0]?.text ?? '', /no space left/)
    await truncate(ballast)
    await save(store, name, 'new')
    assert.deepEqual(alarms.list(), [])
  },
)

test(
  'd53: however little room is left, what is refused is not there and what is acknowledged is',
  needsRoot('mount a small disk'),
  async (t) => {
    const { store, folder, steps, stop } = await onSmallDisk(t)
    const expected = ['first']
    await save(store, name, 'first')
    const outcomes = new Set<string>()
    let last = ''
    steps.on = (step) => void (last = step)
    for (let round = 0; round < 80; round += 1) {
      const ballast = await fillUp(folder, (round % 5) * 4_096)
      const content = `${round} ${'x'.repeat((round % 20) * 300)}`
      const outcome = await save(store, name, content).catch((error: unknown) => {
        assert.ok(refusedAs('diskFull')(error), String(error))
        return `refused after ${last}`
      })
      outcomes.add(outcome)
      if (outcome === 'replaced') expected.unshift(content)
      assert.equal(await contentOf(store, name), expected[0])
      assertWholeJournal(folder)
      await truncate(ballast)
    }
    assert.ok(outcomes.has('replaced') && outcomes.has('refused after synced'), [...outcomes].join(', '))
    await stop()
    const again = await openUserStore(t, { dataFolder: folder, versions: 100 })
    assert.deepEqual(await allVersions(again.store, name), expected)
    assert.deepEqual(again.logged, [])
  },
)

test(
  'on a disk that became read-only, storing fails with the cause, and goes on when that is mended',
  needsRoot('mount a small disk'),
  async (t) => {
    const { store, folder } = await openUserStore(t)
    const staging = join(folder, '.state', 'staging')
    await save(store, name, 'old')
    await mount(t, ['--bind', staging, staging])
    await execa('mount', ['-o', 'remount,ro,bind', staging])
    await assert.rejects(save(store, name, 'new'), (error: Error) => {
      assert.match(error.message, /cannot store 4711_96xxdata.txt: EROFS/)
      return error.cause instanceof Error
    })
    assert.equal(await contentOf(store, name), 'old')
    await execa('umount', ['--lazy', staging])
    assert.equal(await save(store, name, 'new'), 'replaced')
  },
)

test(
  'user data on another disk than its versions is told at start, with the reason',
  needsRoot('mount a small disk'),
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
    await mkdir(join(folder, 'FTPdata'))
    await mount(t, [...smallDisk, join(folder, 'FTPdata')])
    t.after(() => rm(folder, { recursive: true }))
    await assert.rejects(openUserStore(t, { dataFolder: folder }), /must be on one file system/)
  },
)

test(
  'a file that belongs to somebody else, which Linux lets nobody link, is kept as a copy',
  needsRoot('have a file of root'),
  async (t) => {
    const { folder, stop } = await openUserStore(t)
    await stop()
    await writeFile(join(folder, 'FTPdata', 'new.txt'), 'by root', { mode: 0o644 })
    for (const part of [
      '.',
      'FTPdata',
      '.state',
      ...(await readdir(join(folder, '.state'), { recursive: true })).map((file) => join('.state', file)),
    ])
      await chown(join(folder, part), 65_534, 65_534)
    const { stdout } = await execa(process.execPath, [victim, 'nobody', folder, 'new'])
    assert.equal(stdout, 'acknowledged')
    const { store } = await openUserStore(t, { dataFolder: folder })
    assert.deepEqual(await allVersions(store, parseFileName('new.txt')), ['first', 'by root'])
  },
)

test('a file the service may not read is not replaced unseen', async (t) => {
  const { store, folder } = await openUserStore(t)
  await writeFile(join(folder, 'FTPdata', name), 'by hand')
  chmodSync(join(folder, 'FTPdata', name), 0)
  await asService(folder, async () => {
    await assert.rejects(save(store, name, 'new'), refusedAs('forbidden'))
    await save(store, dataOf('4712'), 'that alone')
  })
})

/** Root reads everything; so the folder becomes nobody's, and so do we for the task. */
async function asService(folder: string, task: () => Promise<void>): Promise<void> {
  if (!isRoot()) return task()
  await execa('chown', ['-R', '65534', folder])
  process.seteuid?.(65_534)
  try {
    await task()
  } finally {
    process.seteuid?.(0)
  }
}

function failingAt(step: Step): (current: Step) => void {
  return (current) => {
    if (current === step) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  }
}

async function onSmallDisk(t: TestContext): Promise<OpenUserStore> {
  const folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
  await mount(t, [...smallDisk, folder])
  return openUserStore(t, { dataFolder: folder, versions: 100 })
}

const smallDisk = ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']

/** Unmounted and removed when the test ends. */
async function mount(t: TestContext, args: readonly string[]): Promise<void> {
  await execa('mount', args)
  t.after(async () => {
    await execa('umount', ['--lazy', args.at(-1) ?? ''], { reject: false })
    await rm(args.at(-1) ?? '', { recursive: true, force: true })
  })
}

/** The journal must not be left with half a record: it failed at that very place (`synced` is the step before). */
function assertWholeJournal(folder: string): void {
  const journal = join(folder, '.state', 'journal')
  for (const file of readdirSync(journal)) {
    const text = readFileSync(join(journal, file))
    assert.equal(parseSegment(text).wholeBytes, text.length)
  }
}

/** @returns the path of what fills the disk, up to so many bytes */
async function fillUp(folder: string, leaveBytes = 0): Promise<string> {
  const ballast = join(folder, 'ballast')
  const { stdout } = await execa('stat', ['-f', '-c', '%a %S', folder])
  const [blocks = 0, size = 0] = stdout.split(' ').map(Number)
  await writeFile(ballast, Buffer.alloc(Math.max(0, blocks * size - leaveBytes)))
  return ballast
}
