import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { link, open as openDisk, rename, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FileChanged, type OpenFile } from '../../../lib/files/stored-file.ts'
import { testStore, type TestStore } from '../../support/file-store.ts'

const content = randomBytes(200_000)

interface Streamed extends TestStore {
  path: string
  reader: OpenFile
}

/** A file larger than the memory for contents, opened and read up to the middle. */
async function halfRead(t: TestContext): Promise<Streamed> {
  const store = await testStore(t, { 'fw.bin': content }, 1_000)
  const reader = await (await store.open('fw.bin')).open()
  t.after(() => reader.close())
  assert.deepEqual(await reader.read(0, 100_000), content.subarray(0, 100_000))
  return { ...store, reader, path: join(store.root, 'fw.bin') }
}

test('a file larger than the memory for contents is read in pieces', async (t) => {
  const { open, hot, reader } = await halfRead(t)
  const { content: held, size } = await open('fw.bin')
  assert.deepEqual([held, size, hot.count], [undefined, 200_000, 0])
  assert.deepEqual(await reader.read(100_000, 100_000), content.subarray(100_000))
  assert.deepEqual(await reader.read(5, 7), content.subarray(5, 12))
})

test('only at the end a piece is shorter than asked for', async (t) => {
  const { reader } = await halfRead(t)
  assert.equal((await reader.read(199_990, 512)).length, 10)
  assert.equal((await reader.read(200_000, 512)).length, 0)
  assert.equal((await reader.read(300_000, 512)).length, 0)
})

test('a file held in memory can be read in pieces as well', async (t) => {
  const { open } = await testStore(t, { 'a.txt': 'abcdef' })
  const reader = await (await open('a.txt')).open()
  t.after(() => reader.close())
  assert.equal(String(await reader.read(2, 3)), 'cde')
})

test('d12: replaced by a rename, or removed, a file being read goes on with its old content', async (t) => {
  const { reader, path } = await halfRead(t)
  await writeFile(`${path}.new`, randomBytes(200_000))
  await rename(`${path}.new`, path)
  assert.deepEqual(await reader.read(100_000, 50_000), content.subarray(100_000, 150_000))
  await rm(path)
  assert.deepEqual(await reader.read(150_000, 50_000), content.subarray(150_000))
})

test('d12: written in place, a file being read breaks off before a new byte is given out', async (t) => {
  const { reader, path } = await halfRead(t)
  const writer = await openDisk(path, 'r+')
  await writer.write('x', 199_999)
  await writer.close()
  await assert.rejects(reader.read(100_000, 1_000), FileChanged)
})

test('d12: cut short or made longer, a file being read breaks off', async (t) => {
  const shorter = await halfRead(t)
  await truncate(shorter.path, 150_000)
  await assert.rejects(shorter.reader.read(100_000, 1_000), FileChanged)
  const longer = await halfRead(t)
  await writeFile(longer.path, 'x', { flag: 'a' })
  await assert.rejects(longer.reader.read(100_000, 1_000), {
    name: 'FileChanged',
    message: /^fw\.bin was changed/,
  })
})

test('d12: what was replaced between the lookup and the first read is not read at all', async (t) => {
  const { root, open } = await testStore(t, { 'fw.bin': content, 'new.bin': randomBytes(200_000) }, 1_000)
  for (const name of ['fw.bin', 'new.bin']) await utimes(join(root, name), 1_000, 1_000)
  const found = await open('fw.bin')
  await rename(join(root, 'new.bin'), join(root, 'fw.bin'))
  await assert.rejects(found.open(), FileChanged)
  await unlink(join(root, 'fw.bin'))
  await assert.rejects(found.open(), FileChanged)
})

test('a second name for the file does not disturb who is reading it', async (t) => {
  const { reader, path, root } = await halfRead(t)
  await link(path, join(root, 'other.bin'))
  assert.equal((await reader.read(100_000, 1_000)).length, 1_000)
})
