import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { DataFolders } from '../../../lib/files/data-folders.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { refusedAs, refusedBecause } from '../../support/refused.ts'

async function foldersIn(t: TestContext, maxBytes = 1_000_000) {
  const data = await temporaryFolder(t)
  for (const root of ['HTTPdata', 'HTTPSdata', 'TFTPdata', 'FTPdata', '.state', 'elsewhere'])
    mkdirSync(join(data, root))
  return { data, folders: new DataFolders(data, { maxBytes }) }
}

async function write(
  folders: DataFolders,
  path: string,
  content: string,
  how: 'replace' | 'append' = 'replace',
) {
  const upload = await folders.store(path.split('/'), how)
  await upload.write(Buffer.from(content))
  return upload.commit()
}

test('only the data folders are shown and can be entered', async (t) => {
  const { folders } = await foldersIn(t)
  assert.deepEqual((await folders.roots()).map(({ name }) => name).toSorted(), [
    'FTPdata',
    'HTTPSdata',
    'HTTPdata',
    'TFTPdata',
  ])
  for (const root of ['.state', 'elsewhere', '..', ''])
    await assert.rejects(folders.enter([root]), refusedAs('notFound'), root)
})

test('a file is stored whole, replaced whole and added to', async (t) => {
  const { data, folders } = await foldersIn(t)
  assert.equal(await write(folders, 'HTTPdata/46xxsettings.txt', 'SET A 1\n'), 'created')
  assert.equal(await write(folders, 'HTTPdata/46xxsettings.txt', 'SET B 1\n'), 'replaced')
  assert.equal(await write(folders, 'HTTPdata/46xxsettings.txt', 'SET C 1\n', 'append'), 'replaced')
  assert.equal(readFileSync(join(data, 'HTTPdata/46xxsettings.txt'), 'utf8'), 'SET B 1\nSET C 1\n')
  assert.deepEqual(readdirSync(join(data, 'HTTPdata')), ['46xxsettings.txt'])
})

test('an upload that breaks off or grows too large leaves the old file and nothing else', async (t) => {
  const { data, folders } = await foldersIn(t, 10)
  await write(folders, 'HTTPdata/a.txt', 'old')
  const broken = await folders.store(['HTTPdata', 'a.txt'], 'append')
  await broken.write(Buffer.from('new'))
  await broken.abort()
  const large = await folders.store(['HTTPdata', 'a.txt'], 'append')
  await assert.rejects(large.write(Buffer.alloc(8)), refusedAs('tooLarge'))
  await large.abort()
  assert.equal(readFileSync(join(data, 'HTTPdata/a.txt'), 'utf8'), 'old')
  assert.deepEqual(readdirSync(join(data, 'HTTPdata')), ['a.txt'])
})

test('what an upload left behind is swept away, and is not shown before', async (t) => {
  const { data, folders } = await foldersIn(t)
  mkdirSync(join(data, 'HTTPdata/firmware'))
  await folders.store(['HTTPdata', 'firmware', 'a.bin'], 'replace')
  assert.deepEqual(await folders.list(['HTTPdata', 'firmware']), [])
  assert.equal(readdirSync(join(data, 'HTTPdata/firmware')).length, 1)
  await folders.sweep()
  assert.deepEqual(readdirSync(join(data, 'HTTPdata/firmware')), [])
})

test('d7, d47: neither a link nor a path leads out of a data folder', async (t) => {
  const { data, folders } = await foldersIn(t)
  writeFileSync(join(data, 'elsewhere/secret.txt'), 'secret')
  symlinkSync('../elsewhere', join(data, 'HTTPdata/out'))
  symlinkSync('../elsewhere/secret.txt', join(data, 'HTTPdata/secret.txt'))
  await assert.rejects(folders.read(['HTTPdata', 'out', 'secret.txt']), refusedBecause('forbidden', /link/))
  await assert.rejects(write(folders, 'HTTPdata/out/new.txt', 'x'), refusedBecause('forbidden', /link/))
  await assert.rejects(folders.enter(['HTTPdata', 'out']), refusedAs('notFound'))
  await assert.rejects(folders.read(['HTTPdata', 'secret.txt']), refusedAs('notFound'))
  await assert.rejects(write(folders, 'HTTPdata/secret.txt', 'x'), refusedAs('forbidden'))
  for (const path of [
    'HTTPdata/../elsewhere/secret.txt',
    'HTTPdata/.hidden',
    'HTTPdata/a\0b',
    'HTTPdata//etc',
  ])
    await assert.rejects(folders.read(path.split('/')), refusedAs('badName'), path)
  assert.deepEqual(readdirSync(join(data, 'elsewhere')), ['secret.txt'])
})

test('files are read, listed, renamed and removed; folders are made and removed when empty', async (t) => {
  const { folders } = await foldersIn(t)
  await folders.makeFolder(['TFTPdata', 'firmware'])
  await write(folders, 'TFTPdata/firmware/a.bin', 'firmware')
  const file = await folders.read(['TFTPdata', 'firmware', 'a.bin'])
  const open = await file.open()
  assert.equal((await open.read(0, 100)).toString(), 'firmware')
  await open.close()
  assert.deepEqual(
    (await folders.list(['TFTPdata', 'firmware'])).map(({ name, kind, size }) => [name, kind, size]),
    [['a.bin', 'file', 8]],
  )
  await assert.rejects(folders.removeFolder(['TFTPdata', 'firmware']), refusedBecause('forbidden', /empty/))
  await folders.rename(['TFTPdata', 'firmware', 'a.bin'], ['HTTPdata', 'a.bin'])
  await assert.rejects(folders.look(['TFTPdata', 'firmware', 'a.bin']), refusedAs('notFound'))
  await folders.remove(['HTTPdata', 'a.bin'])
  await assert.rejects(folders.remove(['HTTPdata', 'a.bin']), refusedAs('notFound'))
  await folders.removeFolder(['TFTPdata', 'firmware'])
  assert.deepEqual(await folders.list(['TFTPdata']), [])
})

test('the data folders themselves stay, and a folder is never replaced', async (t) => {
  const { folders } = await foldersIn(t)
  await write(folders, 'HTTPdata/a.txt', 'a')
  await folders.makeFolder(['HTTPdata', 'b'])
  for (const attempt of [
    () => folders.removeFolder(['HTTPdata']),
    () => folders.rename(['HTTPdata'], ['HTTPdata', 'c']),
    () => folders.rename(['HTTPdata', 'a.txt'], ['HTTPdata', 'b']),
    () => folders.rename(['HTTPdata', 'b'], ['HTTPdata', 'a.txt']),
    () => folders.makeFolder(['HTTPdata', 'b']),
    () => folders.store(['HTTPdata', 'b'], 'replace'),
  ])
    await assert.rejects(attempt(), refusedAs('forbidden'))
})

test("d109: the watchdog's files are not listed", async (t) => {
  const { data, folders } = await foldersIn(t)
  for (const name of ['watchdog-0123456789abcdef.txt', 'watchdog0123456789abcdef_96xxdata.txt', 'a.txt'])
    writeFileSync(join(data, 'FTPdata', name), 'x')
  assert.deepEqual(
    (await folders.list(['FTPdata'])).map(({ name }) => name),
    ['a.txt'],
  )
})
