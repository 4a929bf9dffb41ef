import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { nodeName, parseDirectives, sameNode } from '../../../ha/heartbeat/directives.ts'

const wordsOf = (text: string) => parseDirectives(text).map(({ words, line }) => [line, ...words])

test('comments, odd spacing and ends of lines of any kind do not matter', () => {
  const text = '# all\r\n\r\n\tbcast \t eth1   # the crossed cable\r\nNODE  a\tb\rping 10.0.0.1\n   \n#node c'
  assert.deepEqual(wordsOf(text), [
    [3, 'bcast', 'eth1'],
    [4, 'NODE', 'a', 'b'],
    [5, 'ping', '10.0.0.1'],
  ])
})

test('a line that ends in a backslash goes on, and counts as the line it began in', () => {
  assert.deepEqual(wordsOf('A 10.0.0.5 \\\r\n  one \\  \n two # but not\\\nB three\\'), [
    [1, 'A', '10.0.0.5', 'one', 'two'],
    [4, 'B', 'three'],
  ])
})

test('names of nodes count without their domain, and in any case', () => {
  assert.equal(nodeName('EY-FTP1.example.com'), 'EY-FTP1')
  assert.equal(sameNode('EY-FTP1', 'ey-ftp1.example.com'), true)
  assert.equal(sameNode('EY-FTP1', 'EY-FTP2'), false)
})

test('whatever a file holds, each word is on a line that the file has', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const lines = text.split(/\r\n?|\n/)
      for (const { words, line } of parseDirectives(text)) {
        assert.ok(line >= 1 && line <= lines.length)
        assert.ok(words.length > 0 && words.every((word) => word !== '' && !word.includes('#')))
      }
    }),
  )
})
