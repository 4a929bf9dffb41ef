import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedWords, shown, type JsonSchema } from '../../../lib/base/config-words.ts'

const words: [JsonSchema, string][] = [
  [{ type: 'boolean' }, 'true or false'],
  [{ type: 'string' }, 'text'],
  [{ type: 'string', minLength: 1 }, 'text that is not empty'],
  [{ type: 'string', maxLength: 63 }, 'text of at most 63 characters'],
  [{ type: 'string', enum: ['a', 'b', 'c'] }, '"a", "b" or "c"'],
  [{ type: 'string', enum: ['a'] }, '"a"'],
  [{ type: 'integer', minimum: 1, maximum: 65_535 }, 'a whole number from 1 to 65535'],
  [{ type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, 'a whole number of at least 0'],
  [{ type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: 5 }, 'a whole number up to 5'],
  [{ type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }, 'a whole number'],
  [{ type: 'number', minimum: 0.01 }, 'a number of at least 0.01'],
  [{ type: 'array', items: { type: 'string' } }, 'a list of text'],
  [{ type: 'array', minItems: 1, items: { type: 'boolean' } }, 'a list of at least one: true or false'],
  [{ type: 'object', properties: { a: {}, b: {} } }, 'a table of a, b'],
  [{ type: 'object', additionalProperties: { type: 'boolean' } }, 'a table of true or false'],
  [{ type: 'object' }, 'a table'],
  [{ type: 'string', allowed: 'an address' }, 'an address'],
]

for (const [schema, expected] of words) {
  test(`${JSON.stringify(schema)} is told as: ${expected}`, () => {
    assert.equal(allowedWords(schema), expected)
  })
}

test('values are quoted so that text, numbers, dates and lists can be told apart', () => {
  assert.equal(shown('80'), '"80"')
  assert.equal(shown(80), '80')
  assert.equal(shown(Number.POSITIVE_INFINITY), 'Infinity')
  assert.equal(shown(true), 'true')
  assert.equal(shown([1, 'a']), '[1,"a"]')
  assert.equal(shown(new Date('2026-11-22T00:00:00Z')), '2026-11-22T00:00:00.000Z')
})

test('a long or hostile value cannot spoil the terminal', () => {
  assert.equal(shown('\u001b[2J'), String.raw`"\x1b[2J"`)
  assert.equal(shown('a'.repeat(1000)).length, 63)
  assert.ok(shown(['a'.repeat(1000)]).length < 63)
})
