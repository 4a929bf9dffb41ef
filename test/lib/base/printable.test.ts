import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { printable } from '../../../lib/base/printable.ts'

const table: [name: string, text: string, shown: string][] = [
  ['plain text', '46xxsettings.txt', '46xxsettings.txt'],
  ['letters and signs of any language', 'Büro 電話 ☎ 📞', 'Büro 電話 ☎ 📞'],
  ['spaces and markup, which is escaped elsewhere', '<b> "x" & \u00a0y', '<b> "x" & \u00a0y'],
  ['a line break, so that no log line can be forged', 'a\r\nb', String.raw`a\x0d\x0ab`],
  ['NUL, tab and DEL', '\0\t\u007f', String.raw`\x00\x09\x7f`],
  ['an ANSI sequence', '\u001b[31mred', String.raw`\x1b[31mred`],
  ['the one-byte form of it (C1)', '\u009b31m', String.raw`\x9b31m`],
  [
    'marks that turn text around',
    'a\u202etxt.exe\u2066\u2069\u200f\u061c',
    String.raw`a\u202etxt.exe\u2066\u2069\u200f\u061c`,
  ],
  ['line and paragraph separators', '\u2028\u2029', String.raw`\u2028\u2029`],
  ['what cannot be seen', 'a\u200bb\u00adc\ufeffd\u3164', String.raw`a\u200bb\xadc\ufeffd\u3164`],
  ['hidden tags beyond the 16-bit range', 'a\u{e0041}', String.raw`a\u{e0041}`],
  ['lone surrogates', '\ud800a\udc00', String.raw`\ud800a\udc00`],
  ['a backslash, so that an escape cannot be forged', String.raw`\x0a`, String.raw`\\x0a`],
  ['the empty text', '', ''],
]

for (const [name, text, shown] of table) {
  test(`${name} is shown as ${shown}`, () => {
    assert.equal(printable(text), shown)
  })
}

test('overlong text is cut, at the length asked for', () => {
  assert.equal(printable('a'.repeat(256)), 'a'.repeat(256))
  assert.equal(printable('a'.repeat(65_000)), `${'a'.repeat(256)}…`)
  assert.equal(printable('abcdef', 3), 'abc…')
})

test('a cut through a character leaves no half of it', () => {
  assert.equal(printable('ab📞', 3), String.raw`ab\ud83d…`)
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 })
    .map((units) => String.fromCharCode(...units)),
  fc.string({
    unit: fc.constantFrom('\\', 'x', 'u', '{', '}', '0', 'a', '\n', '\u202e', '\ud83d', '\udcde', '…'),
    maxLength: 300,
  }),
)

test('nothing that controls, turns around, separates or hides is ever in the output', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/u)
    }),
    { numRuns: 1000 },
  )
})

/** What printable() did, undone. */
const undone = (shown: string) =>
  shown.replaceAll(/\\(?:(\\)|x(..)|u(?:\{(.+?)\}|(....)))/g, (_, backslash, two, braced, four) =>
    backslash === undefined ? String.fromCodePoint(Number.parseInt(two ?? braced ?? four, 16)) : '\\',
  )

test('two texts within the limit never look the same: the text can be had back from what is shown', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const short = text.slice(0, 256)
      assert.equal(undone(printable(short)), short)
    }),
    { numRuns: 1000 },
  )
})

test('a text that was cut never looks like one that was not', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = printable(text, 100)
      assert.equal(undone(shown).length > 100, text.length > 100)
    }),
  )
})
