import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../../lib/files/refusal.ts'
import { askedName } from '../../../lib/http/asked-name.ts'

const names: [target: string, name: string][] = [
  ['/46xxsettings.txt', '46xxsettings.txt'],
  ['/firmware/a.bin', 'firmware/a.bin'],
  ['/a.txt?x=/b.txt', 'a.txt'],
  ['/a.txt#top', 'a.txt'],
  ['/a.txt?', 'a.txt'],
  ['/a+b.txt', 'a+b.txt'],
  ['/%34%36xxsettings.txt', '46xxsettings.txt'],
  ['/caf%C3%A9.txt', 'café.txt'],
  ['/$MACADDR.txt', '$MACADDR.txt'],
  ['http://10.1.2.3/a.txt', 'a.txt'],
  ['HTTP://user:secret@evil.example:81/a.txt?x', 'a.txt'],
  ['https://h/firmware/a.bin', 'firmware/a.bin'],
]
for (const [target, name] of names) {
  test(`the target ${target} asks for ${name}`, () => {
    assert.equal(askedName(target), name)
  })
}

// Decoded exactly once; what comes out is for parseFileName to refuse.
const leftAsTheyAre: [target: string, name: string][] = [
  ['/../etc/passwd', '../etc/passwd'],
  ['/%2e%2e/etc/passwd', '../etc/passwd'],
  ['/..%2fetc', '../etc'],
  ['/..%5cetc', '..\\etc'],
  ['/%252e%252e/etc', '%2e%2e/etc'],
  ['//etc/passwd', '/etc/passwd'],
  ['/%2fetc/passwd', '/etc/passwd'],
  ['/a%00.txt', 'a\0.txt'],
  ['/a%0d%0aX:y', 'a\r\nX:y'],
  ['/%EF%BB%BFa.txt', '\uFEFFa.txt'],
  ['/file:///etc/passwd', 'file:///etc/passwd'],
  ['/', ''],
  ['', ''],
  ['/?list', ''],
  ['/firmware/', 'firmware/'],
  ['http://10.1.2.3', ''],
]
for (const [target, name] of leftAsTheyAre) {
  test(`d1, d13: the target ${target} is decoded once and not cleaned up`, () => {
    assert.equal(askedName(target), name)
  })
}

const refused: [target: string, reason: string][] = [
  ['/%', 'badName'],
  ['/%z1', 'badName'],
  ['/a%4', 'badName'],
  ['/%c0%ae%c0%ae/etc', 'badName'],
  ['/%ff', 'badName'],
  ['/%ed%a0%80', 'badName'],
  ['*', 'badName'],
  ['a.txt', 'badName'],
  ['ftp://h/a.txt', 'badName'],
]
for (const [target, reason] of refused) {
  test(`d3, d13: the target "${target}" is refused as ${reason}`, () => {
    assert.throws(
      () => askedName(target),
      (error) => error instanceof Refusal && error.reason === reason,
    )
  })
}

test('d4: a target of 60,000 bytes is read like any other', () => {
  assert.equal(askedName(`/${'%41'.repeat(20_000)}`), 'A'.repeat(20_000))
})
