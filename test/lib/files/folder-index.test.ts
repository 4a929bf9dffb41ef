import assert from 'node:assert/strict'
import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { fold, FolderIndex } from '../../../lib/files/folder-index.ts'
import { writeFiles } from '../../support/file-store.ts'
import { temporaryFolder } from '../../support/folder.ts'

test('a name is found in any case, folder by folder, and given as it is on disk', async (t) => {
  const root = await temporaryFolder(t)
  await writeFiles(root, { 'Firmware/J100/FW_S.bin': '', 'a.txt': '' })
  const find = (name: string) => new FolderIndex().find(root, parseFileName(name))
  assert.equal(await find('firmware/j100/fw_s.BIN'), join(root, 'Firmware/J100/FW_S.bin'))
  assert.equal(await find('A.TXT'), join(root, 'a.txt'))
  assert.equal(await find('firmware'), join(root, 'Firmware'))
  assert.equal(await find('firmware/J100/other.bin'), undefined)
  assert.equal(await find('a.txt/b.txt'), undefined)
  assert.equal(await find('nowhere/a.txt'), undefined)
})

test('d6: of twins the exact one is found, or else always the first in order', async (t) => {
  const root = await temporaryFolder(t)
  await writeFiles(root, { 'a.txt': '', 'A.txt': '', 'a.TXT': '', 'e\u0301.txt': '', '\u00c9.txt': '' })
  const find = (name: string) => new FolderIndex().find(root, parseFileName(name))
  assert.equal(await find('a.txt'), join(root, 'a.txt'))
  assert.equal(await find('A.TXT'), join(root, 'A.txt'))
  assert.equal(await find('\u00e9.txt'), join(root, 'e\u0301.txt'))
  assert.equal(fold('E\u0301.TXT'), '\u00e9.txt')
})

test('what comes and goes shows at once', async (t) => {
  const root = await temporaryFolder(t)
  const index = new FolderIndex()
  const find = () => index.find(root, parseFileName('A.TXT'))
  for (let round = 0; round < 5; round++) {
    assert.equal(await find(), undefined)
    await writeFile(join(root, 'a.txt'), '')
    assert.equal(await find(), join(root, 'a.txt'))
    await rm(join(root, 'a.txt'))
  }
})

test('what comes and goes shows though the date of the folder is set back, as rsync and tar do', async (t) => {
  const root = await temporaryFolder(t)
  const index = new FolderIndex()
  const longAgo = new Date('2020-01-01')
  await utimes(root, longAgo, longAgo)
  await delay(120) // until the listing may be kept
  assert.equal(await index.find(root, parseFileName('A.TXT')), undefined)
  await writeFile(join(root, 'a.txt'), '')
  await utimes(root, longAgo, longAgo)
  assert.equal((await stat(root)).mtimeMs, longAgo.getTime())
  assert.equal(await index.find(root, parseFileName('A.TXT')), join(root, 'a.txt'))
})

test('a folder that has not changed for a while is read once', async (t) => {
  const root = await temporaryFolder(t)
  await writeFiles(root, { 'a.txt': '' })
  const index = new FolderIndex()
  await delay(120)
  assert.equal(await index.list(root), await index.list(root))
})

test('d115: a folder is read once also when its date lies in the future', async (t) => {
  const root = await temporaryFolder(t)
  const index = new FolderIndex()
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2001-01-01') }) // the clock was set back
  assert.equal(await index.list(root), await index.list(root))
})

test('a folder that cannot be read is empty', async (t) => {
  const root = await temporaryFolder(t)
  const index = new FolderIndex()
  assert.equal((await index.list(join(root, 'missing'))).size, 0)
  await writeFile(join(root, 'file'), '')
  assert.equal((await index.list(join(root, 'file'))).size, 0)
})

test('another folder under the same name is another folder', async (t) => {
  const root = await temporaryFolder(t)
  await writeFiles(root, { 'in/a.txt': '', 'other/b.txt': '' })
  const index = new FolderIndex()
  await delay(120)
  assert.notEqual(await index.find(root, parseFileName('in/A.txt')), undefined)
  await rename(join(root, 'in'), join(root, 'was'))
  await rename(join(root, 'other'), join(root, 'in'))
  assert.equal(await index.find(root, parseFileName('in/A.txt')), undefined)
  assert.equal(await index.find(root, parseFileName('IN/B.txt')), join(root, 'in/b.txt'))
})

test('more folders than it remembers are still read right', async (t) => {
  const root = await temporaryFolder(t)
  for (let folder = 0; folder < 1_010; folder++) await mkdir(join(root, `f${folder}`))
  await writeFile(join(root, 'f7', 'a.txt'), '')
  await delay(120)
  const index = new FolderIndex()
  for (let folder = 0; folder < 1_010; folder++) {
    const expected = folder === 7 ? join(root, 'f7', 'a.txt') : undefined
    assert.equal(await index.find(root, parseFileName(`F${folder}/A.txt`)), expected)
  }
})
