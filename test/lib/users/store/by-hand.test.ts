import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { execa } from 'execa'
import { TestClock } from '../../../support/clock.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { until } from '../../../support/until.ts'
import {
  allVersions,
  contentOf,
  dataOf,
  keptOf,
  openUserStore,
  phone,
  save,
  type OpenUserStore,
} from '../../../support/user-store.ts'

const name = dataOf('4711')
const dayMs = 86_400_000
const pathIn = (folder: string) => join(folder, 'FTPdata', name)

/** A store with one backup, which has been stopped. */
async function stoppedStore(t: TestContext): Promise<OpenUserStore> {
  const open = await openUserStore(t)
  await save(open.store, name, 'stored')
  await open.stop()
  return open
}

test('files that were there before the store are taken in', async (t) => {
  const folder = await temporaryFolder(t)
  mkdirSync(join(folder, 'FTPdata', '0004f2123456'), { recursive: true })
  writeFileSync(pathIn(folder), 'from the old server')
  writeFileSync(join(folder, 'FTPdata', '0004f2123456', '0004f2123456-phone.cfg'), '<cfg/>')
  const { store } = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual(
    store
      .files()
      .map((record) => [record.name, record.by.protocol, record.by.why])
      .toSorted(),
    [
      ['0004f2123456/0004f2123456-phone.cfg', 'local', 'found on disk'],
      [name, 'local', 'found on disk'],
    ],
  )
  await save(store, name, 'new')
  assert.deepEqual(await allVersions(store, name), ['new', 'from the old server'])
})

test('a file changed by hand while the store was down is a version of its own', async (t) => {
  const { folder, store: before } = await stoppedStore(t)
  assert.equal(before.versions(name).length, 1)
  writeFileSync(pathIn(folder), 'by hand')
  const { store, logged } = await openUserStore(t, { dataFolder: folder })
  assert.equal(store.files()[0]?.by.protocol, 'local')
  assert.deepEqual(await allVersions(store, name), ['by hand'])
  assert.deepEqual(
    logged.map(({ msg, what }) => [msg, what]),
    [['user data changed by hand', 'changed']],
  )
})

test('a file changed by hand is a version before it is replaced', async (t) => {
  const { store, folder } = await openUserStore(t)
  await save(store, name, 'stored')
  rmSync(pathIn(folder))
  writeFileSync(pathIn(folder), 'by hand')
  assert.equal(await contentOf(store, name), 'by hand')
  await save(store, name, 'new')
  assert.deepEqual(await allVersions(store, name), ['new', 'by hand'])
})

test('a file that appeared while running is a version before it is replaced or deleted', async (t) => {
  const { store, folder } = await openUserStore(t)
  writeFileSync(pathIn(folder), 'by hand')
  assert.equal(await contentOf(store, name), 'by hand')
  await store.remove(name, phone)
  assert.deepEqual(await allVersions(store, name), ['(deleted)', 'by hand'])
})

test('the old content of a file changed in place is told to be gone, and its older versions stay', async (t) => {
  const { store, folder } = await openUserStore(t)
  for (const content of ['1', '2', '3']) await save(store, name, content)
  writeFileSync(pathIn(folder), '3 by hand')
  await save(store, name, '4')
  assert.deepEqual(await allVersions(store, name), ['4', '3 by hand', '2', '1'])
})

test('a file deleted by hand is a deletion, and its older versions can be brought back', async (t) => {
  const { store, folder } = await openUserStore(t)
  for (const content of ['1', '2']) await save(store, name, content)
  rmSync(pathIn(folder))
  await store.undelete(name, phone)
  assert.deepEqual(await allVersions(store, name), ['1', '(deleted)', '1'])
})

test('a file deleted by hand is stored anew as created', async (t) => {
  const { store, folder } = await openUserStore(t)
  await save(store, name, '1')
  rmSync(pathIn(folder))
  assert.equal(await save(store, name, '2'), 'created')
  assert.deepEqual(await allVersions(store, name), ['2'])
})

test('a touched file is no new version', async (t) => {
  const { folder } = await stoppedStore(t)
  utimesSync(pathIn(folder), 1_000_000_000, 1_000_000_000)
  const { store, logged } = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual([await allVersions(store, name), logged], [['stored'], []])
})

test('a copy of the whole data folder to another disk brings no new versions', async (t) => {
  const { folder } = await stoppedStore(t)
  const copy = join(await temporaryFolder(t), 'data')
  cpSync(folder, copy, { recursive: true })
  const { store, logged, alarms } = await openUserStore(t, { dataFolder: copy })
  assert.deepEqual([await allVersions(store, name), logged, alarms.list()], [['stored'], [], []])
})

test('an old version laid back by hand is taken in, and not taken for a deletion that stopped half way', async (t) => {
  const { store, folder, stop } = await openUserStore(t)
  await save(store, name, 'stored')
  await store.remove(name, phone)
  await stop()
  renameSync(join(folder, '.state/versions', keptOf(folder)[0] ?? ''), pathIn(folder))
  const again = await openUserStore(t, { dataFolder: folder })
  assert.equal(await contentOf(again.store, name), 'stored')
})

test('lists, dot files, links and special files in the folder are left alone', async (t) => {
  const folder = await temporaryFolder(t)
  const root = join(folder, 'FTPdata')
  mkdirSync(join(root, '.hidden'), { recursive: true })
  for (const file of ['FTP_allow_IP.txt', 'allow_IP.txt', '.upload-1', '.hidden/a.txt', 'back\\slash.txt'])
    writeFileSync(join(root, file), file)
  symlinkSync('/etc/hostname', join(root, 'link.txt'))
  symlinkSync('/etc', join(root, 'folder'))
  await execa('mkfifo', [join(root, 'pipe.txt')])
  const { store } = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual(store.files(), [])
  assert.equal(readFileSync(join(root, 'allow_IP.txt'), 'utf8'), 'allow_IP.txt')
})

test('once a day the folder is looked through', async (t) => {
  const clock = new TestClock()
  const { store, folder } = await openUserStore(t, { clock })
  writeFileSync(pathIn(folder), 'by hand')
  clock.advance(dayMs)
  await until(() => store.files()[0])
  assert.deepEqual(await allVersions(store, name), ['by hand'])
})

test('what has been in the bin for its days is purged, also after a restart', async (t) => {
  const clock = new TestClock()
  const { store, folder, stop } = await openUserStore(t, { clock, binDays: 3 })
  for (const content of ['1', '2']) await save(store, name, content)
  await save(store, dataOf('4712'), 'stays')
  await store.remove(name, phone)
  clock.advance(3 * dayMs)
  assert.equal(store.deleted().length, 1)
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(dayMs)
  await until(() => (store.deleted().length === 0 ? true : undefined))
  await until(() => (keptOf(folder).length === 0 ? true : undefined))
  await stop()
  const again = await openUserStore(t, { dataFolder: folder, clock, binDays: 3 })
  assert.deepEqual(
    again.store.files().map((record) => record.name),
    [dataOf('4712')],
  )
  assert.deepEqual([again.store.versions(name), again.logged], [[], []])
})
