import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { agreeOn } from '../../../lib/tftp/options.ts'
import {
  blockOf,
  buildError,
  buildOptionAck,
  opcodeOf,
  parseError,
  parseRequest,
} from '../../../lib/tftp/packet.ts'
import { fuzzRuns, mutated } from '../../support/fuzz.ts'

const utf8 = new TextEncoder()

const names = fc.oneof(
  fc.constantFrom('46xxsettings.txt', '/a/b.bin', '../../etc/passwd', 'ä.txt', '', 'C:\\x'),
  fc.string({ unit: 'binary', maxLength: 300 }),
)
const options = fc.array(
  fc.tuple(
    fc.constantFrom('blksize', 'BLKSIZE', 'tsize', 'timeout', 'windowsize', 'multicast', ''),
    fc.oneof(
      fc.constantFrom('0', '512', '65464', '-1', '1e9', '0x10', ' 512', ''),
      fc.string({ maxLength: 20 }),
    ),
  ),
  { maxLength: 8 },
)
const requests = fc
  .record({
    operation: fc.constantFrom(1, 2),
    name: names,
    mode: fc.constantFrom('octet', 'OCTET', 'netascii', 'mail', 'x', ''),
    options,
  })
  .map(({ operation, name, mode, options: asked }) =>
    utf8.encode(
      `\0${String.fromCharCode(operation)}${[name, mode, ...asked.flat()].map((text) => `${text}\0`).join('')}`,
    ),
  )
const others = fc.oneof(
  fc.tuple(fc.nat(8), fc.string({ maxLength: 100 })).map(([code, text]) => buildError(code, text)),
  fc.array(fc.record({ name: fc.string(), value: fc.string() }), { maxLength: 4 }).map(buildOptionAck),
  fc.uint8Array({ maxLength: 600 }),
)
const packets = mutated(fc.oneof({ weight: 3, arbitrary: requests }, { weight: 1, arbitrary: others }))

const limits = { maxBlockSize: 1_468, maxWindowSize: 16, refuse: new Set<never>() }

test('d15: whatever a packet holds, it is read without an error, and never as more than it holds', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      assert.ok(opcodeOf(packet) <= 0xffff)
      assert.ok((blockOf(packet) ?? 0) <= 0xffff)
      const error = parseError(packet)
      if (error !== undefined) assert.ok(error.text.length <= packet.length)
      const request = parseRequest(packet)
      if ('malformed' in request) return assert.notEqual(request.malformed, '')
      const nameEnd = packet.indexOf(0, 2)
      assert.ok(nameEnd >= 2 && packet.indexOf(0, nameEnd + 1) > nameEnd, 'two ends for name and mode')
      const name = Buffer.from(packet.subarray(2, nameEnd)).toString()
      assert.equal(request.shownName, name)
      assert.equal(request.name ?? name, name)
      assert.ok(['octet', 'netascii'].includes(request.mode))
    }),
    fuzzRuns(5_000),
  )
})

test('d17: whatever options a packet holds, what is granted stays within the limits', () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const request = parseRequest(packet)
      if ('malformed' in request) return
      const { blockSize, windowSize, timeoutMs = 1_000, granted } = agreeOn(request.options, 12_345, limits)
      assert.ok(blockSize >= 8 && blockSize <= limits.maxBlockSize)
      assert.ok(windowSize >= 1 && windowSize <= limits.maxWindowSize)
      assert.ok(timeoutMs >= 1_000 && timeoutMs <= 255_000)
      assert.ok(granted.length <= 4)
    }),
    fuzzRuns(5_000),
  )
})
