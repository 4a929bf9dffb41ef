import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseAddressList } from '../../../lib/phones/address-list.ts'
import { parseAddressRange, rangeHolds } from '../../../lib/phones/address.ts'

const lineOf = (list: string, address: string) => parseAddressList(list).lineFor(address)?.line

test('the line that holds an address is named as it is written', () => {
  const list = parseAddressList(
    '192.168.0.1\n10.0.0.0/8\n192.168.1\n192.168.2.1-192.168.2.128\n2001:db8::/32\n',
  )
  assert.deepEqual(list.lineFor('192.168.0.1'), { line: 1, text: '192.168.0.1' })
  assert.deepEqual(list.lineFor('10.20.30.40'), { line: 2, text: '10.0.0.0/8' })
  assert.deepEqual(list.lineFor('192.168.1.77'), { line: 3, text: '192.168.1' })
  assert.deepEqual(list.lineFor('192.168.2.128'), { line: 4, text: '192.168.2.1-192.168.2.128' })
  assert.deepEqual(list.lineFor('2001:db8::5'), { line: 5, text: '2001:db8::/32' })
  assert.equal(list.lineFor('192.168.2.129'), undefined)
  assert.equal(list.lineFor('2001:db9::'), undefined)
  assert.equal(list.lineFor('0.0.0.0'), undefined)
  assert.equal(list.lineFor('::'), undefined)
})

test('comments, blank lines, spaces at the edges, CRLF and a byte order mark do no harm, and lines keep their numbers', () => {
  const list = '\uFEFF# phones\r\n\r\n; hall\r\n  10.0.0.1 # reception\r\n\t10.0.0.2;kitchen\r\n   \r10.0.0.3'
  assert.equal(lineOf(list, '10.0.0.1'), 4)
  assert.equal(lineOf(list, '10.0.0.2'), 5)
  assert.equal(lineOf(list, '10.0.0.3'), 7)
  assert.deepEqual(parseAddressList(list).lineFor('10.0.0.2'), { line: 5, text: '10.0.0.2' })
})

test('a list without entries lets nobody in', () => {
  for (const list of ['', '\n\n', '# nobody today', '\uFEFF']) {
    assert.equal(lineOf(list, '10.0.0.1'), undefined)
    assert.equal(lineOf(list, '::1'), undefined)
  }
})

test('d87: where blocks overlap, the first line that holds the address decides', () => {
  const list = '10.1.0.0/16\n10.0.0.0/8\n10.1.2.3\n10.1.255.0-10.2.0.5'
  assert.equal(lineOf(list, '10.1.2.3'), 1)
  assert.equal(lineOf(list, '10.0.255.255'), 2)
  assert.equal(lineOf(list, '10.2.0.0'), 2)
  assert.equal(lineOf('10.1.2.3\n10.1.0.0/16\n10.0.0.0/8', '10.1.2.3'), 1)
  assert.equal(lineOf('10.1.2.3\n10.1.0.0/16\n10.0.0.0/8', '10.1.2.4'), 2)
  assert.equal(lineOf('10.1.2.3\n10.1.0.0/16\n10.0.0.0/8', '10.255.0.0'), 3)
})

test('d87: an address that came mapped into IPv6, or is listed so, is the IPv4 address', () => {
  assert.equal(lineOf('10.0.0.0/8', '::ffff:10.0.0.1'), 1)
  assert.equal(lineOf('::ffff:10.0.0.1', '10.0.0.1'), 1)
  assert.equal(lineOf('::/0', '10.0.0.1'), undefined)
})

test('the first and the last address of all can be listed', () => {
  assert.equal(lineOf('255.255.255.255', '255.255.255.255'), 1)
  assert.equal(lineOf('0.0.0.0', '0.0.0.0'), 1)
  assert.equal(lineOf('0.0.0.0', '0.0.0.1'), undefined)
  assert.equal(
    lineOf('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
    1,
  )
  assert.equal(lineOf('::', '::'), 1)
})

test('d87: one unclear line makes the list unusable, and each is named with its number', () => {
  assert.throws(
    () => parseAddressList('10.0.0.1\n010.0.0.2\n# note\nfe80::1%eth0\n10.0.0.3'),
    ({ message }: Error) => {
      assert.match(message, /^line 2: "010\.0\.0\.2" .*\nline 4: "fe80::1%eth0" .*zone id/)
      return message.split('\n').length === 2
    },
  )
})

test('d87: at most ten unclear lines are named, the others counted', () => {
  assert.throws(
    () => parseAddressList('nonsense\n'.repeat(12)),
    ({ message }: Error) => {
      const lines = message.split('\n')
      return lines.length === 11 && lines[9]?.startsWith('line 10:') === true && lines[10] === 'and 2 more'
    },
  )
  assert.throws(
    () => parseAddressList('nonsense\n'.repeat(10)),
    ({ message }: Error) => !message.includes('more'),
  )
})

test('d88: damage is told from a list: binary, UTF-16, a page of HTML, a torn line', () => {
  for (const damaged of [
    '\0\0\0\0',
    '1\x000\x00.\x000\x00',
    '<!DOCTYPE html>',
    '10.0.0.0/',
    '10.0.0.1-',
    '10.0.0.1 10.0.0.2',
  ]) {
    assert.throws(() => parseAddressList(damaged), /^Error: line 1: /, JSON.stringify(damaged))
  }
})

test('d87: a huge list is refused by length and by number of entries', () => {
  assert.throws(() => parseAddressList(`#${'x'.repeat(1_048_576)}`), /longer than 1 MiB/)
  assert.doesNotThrow(() => parseAddressList(`#${'x'.repeat(1_048_575)}`))
  assert.throws(() => parseAddressList('10.0.0.1\n'.repeat(100_001)), /more than 100000 entries/)
})

test(
  'd87: a list of 100,000 overlapping entries is read without a piece being visited for each entry',
  { timeout: 10_000 },
  () => {
    const singles = Array.from({ length: 50_000 }, (_, index) => `10.${index >> 8}.${index & 255}.1\n`)
    const list = parseAddressList(singles.join('') + '10\n'.repeat(50_000))
    assert.equal(list.lineFor('10.0.1.1')?.line, 2)
    assert.equal(list.lineFor('10.0.1.2')?.line, 50_001)
  },
)

test('property: the line found is the first whose range holds the address', () => {
  // Few values, so that ranges meet, overlap and repeat.
  const low = fc.integer({ min: 0, max: 20 })
  const entry = fc.oneof(
    low.map((n) => `10.0.0.${n}`),
    fc.tuple(low, low).map(([a, b]) => `10.0.0.${Math.min(a, b)}-10.0.0.${Math.max(a, b)}`),
    fc.tuple(low, fc.integer({ min: 27, max: 32 })).map(([n, bits]) => `10.0.0.${n}/${bits}`),
    low.map((n) => `2001:db8::${n.toString(16)}`),
    fc
      .tuple(low, fc.integer({ min: 123, max: 128 }))
      .map(([n, bits]) => `2001:db8::${n.toString(16)}/${bits}`),
    fc.constantFrom('# comment', ''),
  )
  const address = fc.oneof(
    fc.integer({ min: 0, max: 40 }).map((n) => `10.0.0.${n}`),
    fc.integer({ min: 0, max: 40 }).map((n) => `2001:db8::${n.toString(16)}`),
  )
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 12 }),
      fc.array(address, { minLength: 1, maxLength: 20 }),
      (lines, asked) => {
        const list = parseAddressList(lines.join('\n'))
        for (const one of asked) {
          const first = lines.findIndex(
            (line) => /^[\d]/.test(line) && rangeHolds(parseAddressRange(line), one),
          )
          assert.equal(list.lineFor(one)?.line, first < 0 ? undefined : first + 1)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
