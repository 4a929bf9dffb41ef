import assert from 'node:assert/strict'
import { mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openStore, testStore } from '../../support/file-store.ts'
import { refusedAs } from '../../support/refused.ts'

test('a file is served with its size, date, ETag, name and content', async (t) => {
  const { root, open } = await testStore(t, { 'firmware/a.txt': 'abc' })
  await utimes(join(root, 'firmware/a.txt'), new Date(), new Date('2026-11-01T10:00:00Z'))
  const { name, size, changedAt, etag, content } = await open('firmware/a.txt')
  assert.deepEqual(
    [name, size, changedAt.toISOString(), etag, String(content)],
    [
      'firmware/a.txt',
      3,
      '2026-11-01T10:00:00.000Z',
      'ba7816bf', // SHA-256 of abc begins so
      'abc',
    ],
  )
})

test('an empty file is a file', async (t) => {
  const { open } = await testStore(t, { 'empty.txt': '' })
  const { size, content } = await open('empty.txt')
  assert.deepEqual([size, content], [0, Buffer.alloc(0)])
})

test('what is not there is not found', async (t) => {
  const { open } = await testStore(t, { 'a.txt': 'a', 'folder/b.txt': 'b' })
  for (const name of ['b.txt', 'folder/a.txt', 'a.txt/b.txt', 'nowhere/a.txt'])
    await assert.rejects(open(name), refusedAs('notFound'))
})

test('d6: the exact name comes first, then any other case, in folders too', async (t) => {
  const { open, read } = await testStore(t, {
    'a.txt': 'small',
    'A.TXT': 'large',
    'Firmware/FW.Bin': 'firmware',
  })
  assert.equal(await read('a.txt'), 'small')
  assert.equal(await read('A.TXT'), 'large')
  assert.equal(await read('firmware/fw.bin'), 'firmware')
  assert.equal((await open('FIRMWARE/FW.BIN')).name, 'Firmware/FW.Bin')
})

test('d6: of case twins none of which is exact, the answer is always the same', async (t) => {
  const { folder, read } = await testStore(t, { 'B.txt': 'first', 'b.TXT': 'second' })
  for (const store of [{ read }, openStore(folder), openStore(folder)])
    assert.equal(await store.read('b.txt'), 'first')
})

test('d6: both Unicode forms find the same file, and of such twins the composed one is exact', async (t) => {
  const [composed, decomposed] = ['\u00e9.txt', 'e\u0301.txt']
  const alone = await testStore(t, { [decomposed]: 'decomposed' })
  assert.equal(await alone.read(composed), 'decomposed')
  assert.equal(await alone.read(decomposed), 'decomposed')
  const twins = await testStore(t, { [decomposed]: 'decomposed', [composed]: 'composed' })
  assert.equal(await twins.read(decomposed), 'composed')
})

test('an exact name that appears later wins over another case found before', async (t) => {
  const { root, read } = await testStore(t, { 'SETTINGS.TXT': 'other case' })
  assert.equal(await read('settings.txt'), 'other case')
  await writeFile(join(root, 'settings.txt'), 'exact')
  assert.equal(await read('settings.txt'), 'exact')
})

test('a file asked for in many spellings is held in memory once', async (t) => {
  const { hot, read } = await testStore(t, { '46xxsettings.txt': 'abc' })
  for (const name of ['46xxsettings.txt', '46XXSETTINGS.TXT', '46xxSettings.txt', '46xxsettings.TXT'])
    assert.equal(await read(name), 'abc')
  assert.equal(hot.count, 1)
})

test('whatever is done to a file shows in the next answer', async (t) => {
  const { root, open, read } = await testStore(t, { 'a.txt': 'first' })
  const path = join(root, 'a.txt')
  assert.equal(await read('a.txt'), 'first')
  await writeFile(path, 'other')
  assert.equal(await read('a.txt'), 'other', 'edited in place, same length')
  await writeFile(`${path}.new`, 'third')
  await rename(`${path}.new`, path)
  assert.equal(await read('a.txt'), 'third', 'replaced by a rename')
  await truncate(path, 2)
  assert.equal(await read('a.txt'), 'th', 'truncated')
  const before = await open('a.txt')
  await utimes(path, 1_000, 1_000)
  const touched = await open('a.txt')
  assert.deepEqual([touched.changedAt.getTime(), touched.etag], [1_000_000, before.etag], 'touched')
  await rm(path)
  await assert.rejects(open('a.txt'), refusedAs('notFound'), 'removed')
  await writeFile(path, 'again')
  assert.equal(await read('a.txt'), 'again')
})

test('an edit that keeps size and date shows', async (t) => {
  const { root, read } = await testStore(t, { 'a.txt': 'old' })
  const path = join(root, 'a.txt')
  await utimes(path, 1_000, 1_000)
  assert.equal(await read('a.txt'), 'old')
  await writeFile(path, 'new')
  await utimes(path, 1_000, 1_000)
  assert.equal(await read('a.txt'), 'new')
})

test('an edit made the moment after the first read shows, time and again', async (t) => {
  const { root, read } = await testStore(t, { 'a.txt': '0' })
  for (const version of ['1', '2', '3', '4', '5', '6', '7', '8']) {
    await writeFile(join(root, 'a.txt'), version)
    assert.equal(await read('a.txt'), version)
  }
})

test('d7: a folder that became a file, or a link in a circle, while a file of it is in memory is no fault', async (t) => {
  const { root, open, read } = await testStore(t, { 'one/a.txt': 'a', 'two/a.txt': 'a' })
  for (const folder of ['one', 'two']) {
    await read(`${folder}/a.txt`)
    await rename(join(root, folder), join(root, `was ${folder}`))
  }
  await writeFile(join(root, 'one'), 'a file now')
  await symlink('two', join(root, 'two'))
  await assert.rejects(open('one/a.txt'), refusedAs('notFound'))
  await assert.rejects(open('two/a.txt'), refusedAs('forbidden'))
})

test('five hundred phones that ask for one file at the same time get the one that was read', async (t) => {
  const { open } = await testStore(t, { 'a.txt': 'abc', 'large.bin': Buffer.alloc(100_000) }, 50_000)
  for (const name of ['a.txt', 'large.bin']) {
    const files = await Promise.all(Array.from({ length: 500 }, () => open(name)))
    assert.equal(new Set(files).size, 1)
  }
})

test('who asks after a change gets the new content, though a lookup from before is still under way', async (t) => {
  const { root, open, read } = await testStore(t, { 'a.txt': 'old', 'new.txt': 'new' })
  const before = open('a.txt')
  await delay(20) // it has the old file open now, and waits until it is settled
  await rename(join(root, 'new.txt'), join(root, 'a.txt'))
  assert.deepEqual(await Promise.all([read('a.txt'), read('a.txt')]), ['new', 'new'])
  await before
})

test('the same content has the same ETag everywhere and after a restart, other content another', async (t) => {
  const { folder, open } = await testStore(t, { 'a.txt': 'same', 'b.txt': 'same', 'c.txt': 'other' })
  const a = await open('a.txt')
  assert.match(a.etag, /^[0-9a-f]{8}$/)
  assert.equal((await open('b.txt')).etag, a.etag)
  assert.equal((await openStore(folder).open('a.txt')).etag, a.etag)
  assert.notEqual((await open('c.txt')).etag, a.etag)
})

test('the ETag of a file that does not fit into memory follows its size and date', async (t) => {
  const { folder, root, open } = await testStore(t, { 'fw.bin': Buffer.alloc(70_000) }, 1_000)
  const path = join(root, 'fw.bin')
  await utimes(path, 1_000, 1_000)
  const { etag } = await open('fw.bin')
  assert.match(etag, /^[0-9a-f]{8}$/)
  assert.equal((await openStore(folder, 1_000).open('fw.bin')).etag, etag)
  await utimes(path, 1_000, 2_000)
  assert.notEqual((await open('fw.bin')).etag, etag)
})

test('memory stays within its budget, whatever is asked for', async (t) => {
  const sizes = [0, 1, 400, 487, 488, 489, 999, 1_000, 1_001, 300, 20, 480]
  const files = Object.fromEntries(sizes.map((size) => [`${size}.txt`, Buffer.alloc(size, 'x')]))
  const { hot, open } = await testStore(t, files, 1_000)
  for (const size of sizes) {
    const { content } = await open(`${size}.txt`)
    assert(hot.bytes <= 1_000, `${hot.bytes} bytes after ${size}`)
    assert.equal(content?.length, size > 1_000 ? undefined : size)
  }
})

test('what is removed or refused later does not stay in memory', async (t) => {
  const { folder, root, hot, open } = await testStore(t, { 'a.txt': 'a', 'b.txt': 'b' })
  await open('a.txt')
  await open('b.txt')
  await rm(join(root, 'a.txt'))
  await rename(join(root, 'b.txt'), join(folder, 'b.txt'))
  await symlink('../b.txt', join(root, 'b.txt'))
  await assert.rejects(open('a.txt'))
  await assert.rejects(open('b.txt'))
  assert.deepEqual([hot.count, hot.bytes], [0, 0])
})

test('a root that is a link, or is not there yet, is a root', async (t) => {
  const { folder, open, read } = await testStore(t)
  await rm(join(folder, 'HTTPdata'), { recursive: true })
  await assert.rejects(open('a.txt'), refusedAs('notFound'))
  await mkdir(join(folder, 'elsewhere'))
  await writeFile(join(folder, 'elsewhere/a.txt'), 'abc')
  await symlink('elsewhere', join(folder, 'HTTPdata'))
  assert.equal(await read('a.txt'), 'abc')
})
