import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  blockOf,
  buildError,
  buildOptionAck,
  opcodeOf,
  parseError,
  parseRequest,
  writeDataHeader,
} from '../../../lib/tftp/packet.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

test('a read request is name, mode and options', () => {
  assert.deepEqual(parseRequest(bytes('\0\x01a/b.txt\0OcTet\0BlkSize\x001428\0tsize\x000\0')), {
    operation: 'read',
    name: 'a/b.txt',
    shownName: 'a/b.txt',
    mode: 'octet',
    options: [
      { name: 'BlkSize', value: '1428' },
      { name: 'tsize', value: '0' },
    ],
  })
})

test('a write request is told from a read request', () => {
  assert.deepEqual(parseRequest(bytes('\0\x02f\0netascii\0')), {
    operation: 'write',
    name: 'f',
    shownName: 'f',
    mode: 'netascii',
    options: [],
  })
})

for (const [what, packet, why] of [
  ['no end of the name', '\0\x01name', 'the file name has no end'],
  ['no mode', '\0\x01name\0', 'the mode is missing'],
  ['no final NUL', '\0\x01name\0octet', 'the mode is missing'],
  ['an unknown mode', '\0\x01name\0image\0', 'the mode is unknown'],
  ['an option without a value', '\0\x01name\0octet\0blksize\0', 'an option has no end'],
  ['a value without its NUL', '\0\x01name\0octet\0blksize\x00512', 'an option has no end'],
  ['a repeated option', '\0\x01n\0octet\0tsize\x000\0TSIZE\x001\0', 'an option stands there twice'],
  ['a huge option', `\0\x01n\0octet\0blksize\0${'1'.repeat(600)}\0`, 'too many options'],
  ['65,507 bytes without a NUL', `\0\x01${'x'.repeat(65_505)}`, 'the file name has no end'],
] as const) {
  test(`d15: a request with ${what} is malformed`, () => {
    assert.deepEqual(parseRequest(bytes(packet)), { malformed: why })
  })
}

test('mail mode is refused in words', () => {
  assert.deepEqual(parseRequest(bytes('\0\x01n\0mail\0')), { malformed: 'mail mode is not supported' })
})

test('zeros after the options are padding, however many', () => {
  const parsed = parseRequest(bytes(`\0\x01n\0octet\0tsize\x000\0${'\0'.repeat(700)}`))
  assert.deepEqual('options' in parsed && parsed.options, [{ name: 'tsize', value: '0' }])
})

test('a name that is not UTF-8 is kept for people only', () => {
  const parsed = parseRequest(bytes('\0\x01\xffname\0octet\0'))
  assert.equal('name' in parsed && parsed.name, undefined)
  assert.equal('shownName' in parsed && parsed.shownName, '\ufffdname')
})

test('a name that begins with a byte order mark keeps it, so that the rules of names see it', () => {
  const parsed = parseRequest(Buffer.from('\0\x01\ufeffname\0octet\0'))
  assert.equal('name' in parsed && parsed.name, '\ufeffname')
})

test('d16: what is too short has no opcode and no block', () => {
  assert.equal(opcodeOf(bytes('')), 0)
  assert.equal(opcodeOf(bytes('\x01')), 0)
  assert.equal(blockOf(bytes('\0\x04\0')), undefined)
  assert.equal(parseError(bytes('\0\x05\0')), undefined)
})

test('an ERROR is read with and without its final NUL', () => {
  assert.deepEqual(parseError(bytes('\0\x05\0\x03full\0')), { code: 3, text: 'full' })
  assert.deepEqual(parseError(bytes('\0\x05\0\x03full')), { code: 3, text: 'full' })
})

test('ERROR and OACK are built as the RFCs draw them', () => {
  assert.deepEqual(Buffer.from(buildError(5, 'who are you')), bytes('\0\x05\0\x05who are you\0'))
  assert.deepEqual(
    Buffer.from(
      buildOptionAck([
        { name: 'blksize', value: '1428' },
        { name: 'tsize', value: '7' },
      ]),
    ),
    bytes('\0\x06blksize\x001428\0tsize\x007\0'),
  )
})

test('d24: block numbers roll over to 0 after 65,535', () => {
  const header = new Uint8Array(4)
  const numbers = [1, 65_535, 65_536, 65_537, 10_485_761].map((block) => {
    writeDataHeader(header, block)
    return blockOf(header)
  })
  assert.deepEqual(numbers, [1, 65_535, 0, 1, 1])
})
