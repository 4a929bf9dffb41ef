import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agreeOn, type OptionLimits } from '../../../lib/tftp/options.ts'

const limits: OptionLimits = { maxBlockSize: 1_468, maxWindowSize: 64, refuse: new Set() }

/** What is answered to one option; undefined when it is dropped. */
const granted = (name: string, value: string, narrowed: Partial<OptionLimits> = {}) =>
  agreeOn([{ name, value }], 1_000, { ...limits, ...narrowed }).granted[0]?.value

for (const [asked, answer] of [
  ['0', undefined],
  ['7', undefined],
  ['8', '8'],
  ['512', '512'],
  ['1468', '1468'],
  ['1469', '1468'],
  ['65464', '1468'],
  ['65465', '1468'],
  ['1000000000', '1468'],
  ['99999999999999999999', undefined],
  ['-1', undefined],
  ['1e9', undefined],
  ['0x10', undefined],
  [' 512', undefined],
  ['512 ', undefined],
  ['+512', undefined],
  ['', undefined],
] as const) {
  test(`d17: blksize "${asked}" is ${answer === undefined ? 'dropped' : `granted as ${answer}`}`, () => {
    assert.equal(granted('blksize', asked), answer)
  })
}

for (const [asked, answer] of [
  ['0', undefined],
  ['1', '1'],
  ['64', '64'],
  ['65', undefined],
  ['65535', undefined],
  ['65536', undefined],
] as const) {
  test(`d18: windowsize "${asked}" is ${answer === undefined ? 'dropped' : 'granted'}`, () => {
    assert.equal(granted('windowsize', asked), answer)
  })
}

test('d18: a window over half the circle of block numbers is dropped, whatever the settings allow', () => {
  assert.equal(granted('windowsize', '32767', { maxWindowSize: 65_535 }), '32767')
  assert.equal(granted('windowsize', '32768', { maxWindowSize: 65_535 }), undefined)
})

for (const [asked, answer] of [
  ['0', undefined],
  ['1', '1'],
  ['255', '255'],
  ['256', undefined],
] as const) {
  test(`d19: timeout "${asked}" is ${answer === undefined ? 'dropped' : 'granted'}`, () => {
    assert.equal(granted('timeout', asked), answer)
  })
}

test('d20: tsize is answered with the true size, whatever the phone says', () => {
  assert.equal(granted('tsize', '0'), '1000')
  assert.equal(granted('tsize', '77'), '1000')
  assert.equal(granted('tsize', 'x'), undefined)
})

test('d31: unknown options are not granted, names of every object included', () => {
  for (const name of ['multicast', 'rollover', 'utimeout', 'constructor', '__proto__', '']) {
    assert.equal(granted(name, '1'), undefined)
  }
})

test('option names count without regard to case, and go back as they came, in their order', () => {
  const asked = [
    { name: 'TSIZE', value: '0' },
    { name: 'unknown', value: '1' },
    { name: 'BlkSize', value: '1024' },
    { name: 'windowsize', value: '4' },
    { name: 'Timeout', value: '3' },
  ]
  assert.deepEqual(agreeOn(asked, 5, limits), {
    blockSize: 1_024,
    windowSize: 4,
    timeoutMs: 3_000,
    granted: [
      { name: 'TSIZE', value: '5' },
      { name: 'BlkSize', value: '1024' },
      { name: 'windowsize', value: '4' },
      { name: 'Timeout', value: '3' },
    ],
  })
})

test('without options it is as RFC 1350 has it: 512 bytes, one block at a time', () => {
  assert.deepEqual(agreeOn([], 5, limits), {
    blockSize: 512,
    windowSize: 1,
    timeoutMs: undefined,
    granted: [],
  })
})

test('an option that breaks a phone can be kept from it', () => {
  const refuse = new Set(['blksize', 'windowsize'] as const)
  assert.equal(granted('blksize', '1024', { refuse }), undefined)
  assert.equal(granted('WindowSize', '4', { refuse }), undefined)
  assert.equal(granted('tsize', '0', { refuse }), '1000')
})
