import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fits, isPattern } from '../../../lib/ftp/glob.ts'

const cases: [pattern: string, name: string, expected: boolean][] = [
  ['*', '', true],
  ['*', 'a.txt', true],
  ['*.txt', 'a.txt', true],
  ['*.txt', 'a.txt.bak', false],
  ['a*b*c', 'aXbYbZc', true],
  ['a*b*c', 'aXbYbZ', false],
  ['4?10*', '4610data.txt', true],
  ['?', '', false],
  ['a', 'b', false],
  ['[a-z]', 'a', false],
  ['a.c', 'abc', false],
]
for (const [pattern, name, expected] of cases) {
  test(`${name === '' ? 'nothing' : name} ${expected ? 'fits' : 'does not fit'} ${pattern}`, () => {
    assert.equal(fits(pattern, name), expected)
  })
}

test('patterns fit as the same regular expressions do', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
  fc.assert(
    fc.property(pattern, text, (asked, name) => {
      const expression = new RegExp(`^${asked.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      assert.equal(fits(asked, name), expression.test(name))
    }),
    { numRuns: 2_000 },
  )
})

test('d49: a pattern made to be slow is answered all the same', () => {
  assert.equal(fits(`${'*a'.repeat(50)}b`, 'a'.repeat(255)), false)
})

test('only stars and question marks make a pattern', () => {
  assert.deepEqual(['a*', 'a?', '[a]', '{a}', 'a'].map(isPattern), [true, true, false, false, false])
})
