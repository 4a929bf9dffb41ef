import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { HotFiles, sameIdentity, type HotFile } from '../../../lib/files/hot-files.ts'

const identity = { dev: 1, ino: 2, size: 3, mtimeMs: 4, ctimeMs: 5 }

const ofSize = (size: number): HotFile => ({
  path: '/r/a.txt',
  realPath: '/r/a.txt',
  identity,
  file: {
    name: parseFileName('a.txt'),
    size,
    changedAt: new Date(0),
    etag: '00000000',
    content: Buffer.alloc(0),
    open: () => assert.fail('not read here'),
  },
})

const keysOf = (hot: HotFiles, keys: string) =>
  Array.from(keys)
    .filter((key) => hot.get(key) !== undefined)
    .join('')

test('the file asked for least recently goes first', () => {
  const hot = new HotFiles(3 * (1_000 + 512))
  for (const key of 'abc') hot.put(key, ofSize(1_000))
  hot.get('a')
  hot.put('d', ofSize(1_000))
  assert.equal(keysOf(hot, 'abcd'), 'acd')
})

test('a large file takes the place of as many small ones as needed', () => {
  const hot = new HotFiles(5 * (1_000 + 512))
  for (const key of 'abcde') hot.put(key, ofSize(1_000))
  hot.put('f', ofSize(3_000))
  assert.equal(keysOf(hot, 'abcdef'), 'def')
  assert.equal(hot.count, 3)
})

test('each file counts for its size and something more, so that empty ones are bounded too', () => {
  const hot = new HotFiles(10_000)
  for (let file = 0; file < 1_000; file++) hot.put(String(file), ofSize(0))
  assert.equal(hot.count, 19)
  assert.equal(hot.bytes, 19 * 512)
})

test('a file that with its share of the bookkeeping is over the budget is not kept, and nothing has to go for it', () => {
  const hot = new HotFiles(2_000)
  hot.put('a', ofSize(100))
  for (const size of [1_489, 1_999, 2_000, 2_001, 1e9]) {
    hot.put('b', ofSize(size))
    assert.equal(keysOf(hot, 'ab'), 'a')
  }
  hot.put('b', ofSize(1_488))
  assert.equal(keysOf(hot, 'ab'), 'b')
  assert.equal(hot.bytes, 2_000)
})

test('a new version replaces the old one, also when it is too large to be kept', () => {
  const hot = new HotFiles(2_000)
  hot.put('a', ofSize(100))
  hot.put('a', ofSize(200))
  assert.deepEqual([hot.count, hot.bytes], [1, 712])
  hot.put('a', ofSize(5_000))
  assert.deepEqual([hot.count, hot.bytes], [0, 0])
})

test('what is dropped gives its bytes back, once', () => {
  const hot = new HotFiles(2_000)
  hot.put('a', ofSize(100))
  hot.drop('a')
  hot.drop('a')
  hot.drop('never there')
  assert.deepEqual([hot.count, hot.bytes], [0, 0])
})

test('a budget of 0 keeps nothing', () => {
  const hot = new HotFiles(0)
  hot.put('a', ofSize(0))
  assert.deepEqual([hot.count, hot.bytes], [0, 0])
})

test('two looks at a file show the same only when everything is the same', () => {
  assert(sameIdentity(identity, { ...identity }))
  for (const part of ['dev', 'ino', 'size', 'mtimeMs', 'ctimeMs'])
    assert(!sameIdentity(identity, { ...identity, [part]: 99 }), part)
})
