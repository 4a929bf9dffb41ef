import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { folderPath, itemPath, lastPartOf, parentOf, quoted } from '../../../lib/ftp/paths.ts'

const folders: [from: string, asked: string, path: string][] = [
  ['/', '', '/'],
  ['/a', '', '/a'],
  ['/a', 'b', '/a/b'],
  ['/a', '/b', '/b'],
  ['/a/b', '..', '/a'],
  ['/a/b', '../c', '/a/c'],
  ['/', '..', '/'],
  ['/', '../../../..', '/'],
  ['/a', './/b/./c//', '/a/b/c'],
  ['/', 'data\\FTPdata', '/data/FTPdata'],
  ['/a', '\\b', '/b'],
  ['/', '...', '/...'],
  ['/', '~root', '/~root'],
]
for (const [from, asked, path] of folders) {
  test(`from ${from}, the folder ${JSON.stringify(asked)} is ${path}`, () => {
    assert.equal(folderPath(from, asked), path)
  })
}

const items: [from: string, asked: string, path: string | undefined][] = [
  ['/', 'a.txt', '/a.txt'],
  ['/a', 'b.txt', '/a/b.txt'],
  ['/a', '/b.txt', '/b.txt'],
  ['/a', './b.txt', '/a/b.txt'],
  ['/a', '//b//c.txt', '/b/c.txt'],
  ['/', 'a..b', '/a..b'],
  ['/', '', undefined],
  ['/', '/', undefined],
  ['/', '.', undefined],
  ['/a', '../b', undefined],
  ['/a', 'b/../c', undefined],
  ['/a', '..\\b', undefined],
]
for (const [from, asked, path] of items) {
  test(`d1: from ${from}, the file ${JSON.stringify(asked)} is ${path ?? 'refused'}`, () => {
    assert.equal(itemPath(from, asked), path)
  })
}

test('d1: whatever is asked, a path is whole: from the top, without empty parts, dots or a slash at its end', () => {
  const part = fc.constantFrom('a', '..', '.', '', '...', 'b c', '\\', '..\\', '~', 'é')
  const asked = fc.array(part, { maxLength: 12 }).map((parts) => parts.join('/'))
  fc.assert(
    fc.property(fc.constantFrom('/', '/x', '/x/y'), asked, (from, text) => {
      for (const path of [folderPath(from, text), itemPath(from, text) ?? '/']) {
        if (path === '/') continue
        assert.match(path, /^(?:\/[^/]+)+$/)
        assert.doesNotMatch(path, /\/\.\.?(?:\/|$)/)
      }
    }),
  )
})

test('the folder and the last part of a path', () => {
  assert.deepEqual(['/a/b', '/a', '/'].map(parentOf), ['/a', '/', '/'])
  assert.deepEqual(['/a/b', '/a', '/'].map(lastPartOf), ['b', 'a', ''])
})

test('quotes in a quoted path are doubled', () => {
  assert.equal(quoted('/a"b'), '"/a""b"')
})
