import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ListCopies } from '../../../lib/files/list-copies.ts'
import { temporaryFolder } from '../../support/folder.ts'

const path = 'HTTPdata/allow_IP.txt'

test('a list is read back as it was kept last, also by another process', async (t) => {
  const folder = await temporaryFolder(t)
  const copies = new ListCopies(folder)
  copies.keep(path, '10.0.0.1')
  copies.keep(path, '10.0.0.2')
  copies.keep('TFTPdata/allow_IP.txt', '10.0.0.3')
  const list = new ListCopies(folder).read(path)
  assert.equal(list?.lineFor('10.0.0.2')?.line, 1)
  assert.equal(list?.lineFor('10.0.0.3'), undefined)
})

test('copies lie below .state, where phones never get', async (t) => {
  const folder = await temporaryFolder(t)
  new ListCopies(folder).keep(path, '10.0.0.1')
  const state = join(folder, '.state/address-lists')
  assert.deepEqual(await readdir(state), ['HTTPdata-allow_IP.txt'])
  assert.equal((await stat(state)).mode & 0o007, 0)
  assert.equal(await readFile(join(state, 'HTTPdata-allow_IP.txt'), 'utf8'), '10.0.0.1')
})

test('a copy that says the same is not written again', async (t) => {
  const folder = await temporaryFolder(t)
  const copies = new ListCopies(folder)
  copies.keep(path, '10.0.0.1')
  const copy = join(folder, '.state/address-lists/HTTPdata-allow_IP.txt')
  await utimes(copy, 1_000, 1_000)
  copies.keep(path, '10.0.0.1')
  assert.equal((await stat(copy)).mtimeMs, 1_000_000)
})

test('a copy that was dropped, is damaged or never was is none', async (t) => {
  const folder = await temporaryFolder(t)
  const copies = new ListCopies(folder)
  assert.equal(copies.read(path), undefined)
  copies.drop(path)
  copies.keep(path, '10.0.0.1')
  copies.drop(path)
  assert.equal(copies.read(path), undefined)
  copies.keep(path, '10.0.0.1')
  await writeFile(join(folder, '.state/address-lists/HTTPdata-allow_IP.txt'), 'damaged')
  assert.equal(copies.read(path), undefined)
})

test('a folder where nothing can be kept is no fault', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, '.state'), 'a file')
  const copies = new ListCopies(folder)
  copies.keep(path, '10.0.0.1')
  copies.drop(path)
  assert.equal(copies.read(path), undefined)
  await mkdir(join(folder, 'other/.state/address-lists/HTTPdata-allow_IP.txt'), { recursive: true })
  const blocked = new ListCopies(join(folder, 'other'))
  blocked.keep(path, '10.0.0.1')
  blocked.drop(path)
  assert.equal(blocked.read(path), undefined)
})
