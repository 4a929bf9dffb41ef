import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { toNetascii } from '../../../lib/tftp/netascii.ts'

for (const [original, wire] of [
  ['', ''],
  ['plain', 'plain'],
  ['a\nb\n', 'a\r\nb\r\n'],
  ['a\rb', 'a\r\0b'],
  ['a\r\nb', 'a\r\0\r\nb'],
  ['a\r\0b', 'a\r\0\0b'],
  ['\r\r\n\n', '\r\0\r\0\r\n\r\n'],
] as const) {
  test(`d30: ${JSON.stringify(original)} is ${JSON.stringify(wire)} in netascii`, () => {
    assert.equal(Buffer.from(toNetascii(Buffer.from(original))).toString(), wire)
  })
}

test('d30: whoever translates it back has the file again, whatever its bytes', () => {
  const bytes = fc.uint8Array({ min: 0, max: 255, maxLength: 300 })
  const lineEnds = fc
    .array(fc.constantFrom(0, 10, 13, 65), { maxLength: 60 })
    .map((list) => Uint8Array.from(list))
  fc.assert(
    fc.property(fc.oneof(bytes, lineEnds), (original) => {
      assert.deepEqual(Buffer.from(fromNetascii(toNetascii(original))), Buffer.from(original))
    }),
  )
})

/** As a phone does it: CR LF is a line end, CR NUL a CR, and nothing else may follow a CR. */
function fromNetascii(wire: Uint8Array): number[] {
  const bytes: number[] = []
  for (let at = 0; at < wire.length; at += 1) {
    const byte = wire[at] ?? 0
    if (byte !== 13) bytes.push(byte)
    else {
      at += 1
      assert.ok(wire[at] === 10 || wire[at] === 0, 'a CR stands alone')
      bytes.push(wire[at] === 10 ? 10 : 13)
    }
  }
  return bytes
}
