import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  addressNumber,
  canonicalAddress,
  parseAddressRange,
  rangeHolds,
} from '../../../lib/phones/address.ts'

const holds = (range: string, address: string) => rangeHolds(parseAddressRange(range), address)

test('an address has one spelling, whatever the socket reports', () => {
  assert.equal(canonicalAddress('10.1.2.3'), '10.1.2.3')
  assert.equal(canonicalAddress('::ffff:10.1.2.3'), '10.1.2.3')
  assert.equal(canonicalAddress('::FFFF:0a01:203'), '10.1.2.3')
  assert.equal(canonicalAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(canonicalAddress('fe80::1%eth0.5'), 'fe80::1')
  assert.equal(canonicalAddress('::ffff:10.1.2.3%eth0'), '10.1.2.3')
  assert.equal(canonicalAddress('2001:DB8:0:0:1:0:0:1'), '2001:db8::1:0:0:1')
  assert.equal(canonicalAddress('::'), '::')
})

test('what is no address comes back as it is, so that a door never fails on it', () => {
  for (const text of ['', '::ffff:999.1.1.1', 'nonsense', ':::', '%', '1::2::3'])
    assert.equal(canonicalAddress(text), text)
})

test('an IPv4-compatible IPv6 address is not taken for the IPv4 address in it (ipaddr.js does)', () => {
  assert.equal(canonicalAddress('::10.1.2.3'), '::a01:203')
  assert.equal(holds('10.1.2.3', '::10.1.2.3'), false)
})

test('d87: only plain decimal IPv4 is an address: no octal, hexadecimal or short forms (ipaddr.js takes them)', () => {
  for (const text of [
    '010.0.0.1',
    '10.0.0.01',
    '10.0.0.00',
    '0x10.0.0.1',
    '10.1',
    '167772161',
    '10.0.0.256',
    '10.0.0',
    '10.0.0.',
    '10.0.0.1.',
    '.10.0.0.1',
  ]) {
    assert.equal(addressNumber(text), undefined, text)
  }
  assert.equal(addressNumber('::ffff:010.0.0.1'), undefined)
  assert.equal(addressNumber('::ffff:0x10.0.0.1'), undefined)
  assert.equal(addressNumber('0.0.0.0'), 0)
  assert.equal(addressNumber('255.255.255.255'), 4_294_967_295)
})

test('a full address holds itself only', () => {
  assert.equal(holds('192.168.0.1', '192.168.0.1'), true)
  assert.equal(holds('192.168.0.1', '192.168.0.10'), false)
  assert.equal(holds('2001:DB8::1', '2001:db8::1'), true)
  assert.equal(holds('2001:db8::1', '2001:db8::11'), false)
})

test('a prefix holds whole octets, not digits', () => {
  for (const prefix of ['192.168.1', '192.168.1.']) {
    assert.equal(holds(prefix, '192.168.1.0'), true)
    assert.equal(holds(prefix, '192.168.1.255'), true)
    assert.equal(holds(prefix, '192.168.10.1'), false)
  }
  assert.equal(holds('10', '10.255.0.1'), true)
  assert.equal(holds('10', '100.0.0.1'), false)
})

test('a range holds both its ends', () => {
  assert.equal(holds('192.168.0.1-192.168.0.128', '192.168.0.1'), true)
  assert.equal(holds('192.168.0.1-192.168.0.128', '192.168.0.128'), true)
  assert.equal(holds('192.168.0.1-192.168.0.128', '192.168.0.0'), false)
  assert.equal(holds('192.168.0.1-192.168.0.128', '192.168.0.129'), false)
  assert.equal(holds('2001:db8::a-2001:db8::f', '2001:db8::f'), true)
  assert.equal(holds('2001:db8::a-2001:db8::f', '2001:db8::10'), false)
  assert.equal(holds('10.0.0.1-10.0.0.1', '10.0.0.1'), true)
})

test('a block holds its network, whichever address of it was written', () => {
  for (const block of ['10.0.0.0/8', '10.1.2.3/8']) {
    assert.equal(holds(block, '10.0.0.0'), true)
    assert.equal(holds(block, '10.255.255.255'), true)
    assert.equal(holds(block, '11.0.0.0'), false)
    assert.equal(holds(block, '9.255.255.255'), false)
  }
  assert.equal(holds('192.168.0.1/32', '192.168.0.1'), true)
  assert.equal(holds('192.168.0.1/32', '192.168.0.2'), false)
  assert.equal(holds('0.0.0.0/0', '255.255.255.255'), true)
  assert.equal(holds('2001:db8::/32', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'), true)
  assert.equal(holds('2001:db8::/32', '2001:db9::'), false)
  assert.equal(holds('2001:db8::5/64', '2001:db8::1'), true)
  assert.equal(holds('2001:db8::5/64', '2001:db8:0:1::'), false)
})

test('d87: IPv4-mapped IPv6 in a list is the IPv4 address', () => {
  assert.equal(holds('::ffff:10.0.0.1', '10.0.0.1'), true)
  assert.equal(holds('::ffff:10.0.0.0/104', '10.200.0.1'), true)
  assert.equal(holds('::ffff:10.0.0.1-10.0.0.9', '10.0.0.5'), true)
  assert.throws(() => parseAddressRange('::ffff:10.0.0.0/90'), /write it as an IPv4 block/)
  assert.throws(() => parseAddressRange('::ffff:10.0.0.0/129'), /more than 128 bits/)
})

test('every IPv6 address is not every IPv4 address', () => {
  assert.equal(holds('::/0', '2001:db8::1'), true)
  assert.equal(holds('::/0', '0.0.0.1'), false)
  assert.equal(holds('0.0.0.0/0', '::1'), false)
})

test('no address is in no range', () => {
  assert.equal(holds('::/0', ''), false)
  assert.equal(holds('0.0.0.0/0', '010.0.0.1'), false)
  assert.equal(holds('::/0', 'fe80::1%eth0'), false)
})

const refused = {
  '': 'an address is missing',
  '010.0.0.1': 'begins with 0',
  '192.168.00': 'begins with 0',
  '0xa.0.0.1': 'not an IPv4 or IPv6 address',
  '192.168.0.256': 'greater than 255',
  '192.168.0.1.': 'not an IPv4 or IPv6 address',
  '192.168..1': 'not an IPv4 or IPv6 address',
  'phone.example.com': 'not an IPv4 or IPv6 address',
  'fe80::1%eth0': 'zone id',
  '192.168.0.1 - 192.168.0.9': 'has a space in it',
  '192.168.0.1\u00a0': 'has a space in it',
  '192.168.0.9-192.168.0.1': 'ends before it begins',
  '2001:db8::f-2001:db8::a': 'ends before it begins',
  '192.168.0.1-2001:db8::1': 'mixes IPv4 and IPv6',
  '192.168.0-192.168.1': 'all four octets are needed here',
  '192.168.0.1-': 'an address is missing',
  '1.2.3.4-1.2.3.5-1.2.3.6': 'is not first-last',
  '10/8': 'all four octets are needed here',
  '10.0.0.0/33': 'more than 32 bits',
  '2001:db8::/129': 'more than 128 bits',
  '10.0.0.0/08': 'a whole number',
  '10.0.0.0/-1': 'is not first-last',
  '10.0.0.0/255.0.0.0': 'a whole number',
  '10.0.0.0/8/8': 'a whole number',
  '2001:db8': 'not an IPv4 or IPv6 address',
}

for (const [text, sentence] of Object.entries(refused)) {
  test(`d87: ${JSON.stringify(text)} is refused: ${sentence}`, () => {
    assert.throws(() => parseAddressRange(text), { message: new RegExp(sentence) })
  })
}

test('a complaint shows foreign text made safe and cut short', () => {
  assert.throws(
    () => parseAddressRange(`\u001b[31m${'x'.repeat(1_000)}`),
    ({ message }: Error) => {
      return message.startsWith('"\\x1b[31mxxx') && message.length < 200
    },
  )
})

test('property: every address the system takes has a number here, and its canonical spelling the same number', () => {
  const addresses = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((text) => `::ffff:${text}`),
  )
  fc.assert(
    fc.property(addresses, (text) => {
      const canonical = canonicalAddress(text)
      assert.notEqual(isIP(canonical), 0)
      assert.notEqual(addressNumber(text), undefined)
      assert.equal(addressNumber(canonical), addressNumber(text))
      assert.equal(canonicalAddress(canonical), canonical)
    }),
    { numRuns: 2_000 },
  )
})

test('property: no text is an address here that is none to the system', () => {
  const pieces = fc.array(
    fc.constantFrom('1', '0', '255', '256', '.', ':', '::', 'f', 'ffff', '%', '-', '/', ' ', '10.0.0.1'),
    { maxLength: 14 },
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join('')
      if (isIP(text) === 0) assert.equal(addressNumber(text), undefined)
    }),
    { numRuns: 5_000 },
  )
})
