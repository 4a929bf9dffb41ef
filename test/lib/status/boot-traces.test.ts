import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedTransfer } from '../../../lib/status/activity.ts'
import { BootTraces } from '../../../lib/status/boot-traces.ts'
import { TestClock } from '../../support/clock.ts'
import { finished } from '../../support/snapshot.ts'

function tracing(limits = { phones: 100, boots: 3 }) {
  const clock = new TestClock(1_000_000)
  const kindOf = (asked: string) => (asked.includes('upgrade') ? 'upgrade' : 'other')
  const traces = new BootTraces(limits, { clock, kindOf })
  /** A request that begins `gapMs` after the end of the one before and takes `ms`. */
  const ask = (asked: string, gapMs = 1_000, other: Partial<FinishedTransfer> = {}) => {
    clock.advance(gapMs)
    const startedAt = clock.wallTime().getTime()
    clock.advance(other.ms ?? 0)
    traces.record(finished({ asked, startedAt, ...other }))
  }
  const boots = (address = '10.0.0.1') =>
    traces.find(address)?.boots.map(({ lines }) => lines.map(({ asked }) => asked).join(' '))
  return { clock, traces, ask, boots }
}

test('a boot is what a phone asks for from the upgrade file on', () => {
  const { traces, ask, boots } = tracing()
  ask('96x1Supgrade.txt')
  ask('46xxsettings.txt', 200, { ms: 50, bytes: 4_000, retries: 2 })
  ask('c81f4aef9689.txt', 300, {
    result: 'refused',
    code: 404,
    bytes: 0,
    reason: 'notFound',
    detail: 'there is no such',
  })
  assert.deepEqual(boots(), ['96x1Supgrade.txt 46xxsettings.txt c81f4aef9689.txt'])
  const [boot] = traces.find('10.0.0.1')?.boots ?? []
  assert.equal(boot?.startedAt, boot?.lines[0]?.at)
  assert.deepEqual(boot?.lines[1], {
    at: (boot?.startedAt ?? 0) + 200,
    gapMs: 200,
    protocol: 'http',
    port: 81,
    asked: '46xxsettings.txt',
    result: 'sent',
    code: 200,
    bytes: 4_000,
    ms: 50,
    retries: 2,
    again: 0,
    fallback: false,
    detail: undefined,
  })
  assert.deepEqual([boot?.lines[2]?.gapMs, boot?.lines[2]?.detail], [350, 'there is no such'])
})

test('asking for the upgrade file again after other files is a new boot', () => {
  const { ask, boots } = tracing()
  for (const asked of ['upgrade.txt', 'fw.bin', 'upgrade.txt', 'settings.txt', 'upgrade.txt']) ask(asked)
  assert.deepEqual(boots(), ['upgrade.txt fw.bin', 'upgrade.txt settings.txt', 'upgrade.txt'])
})

test('asking for the upgrade file at one door after the other is one boot', () => {
  const { traces, ask, boots } = tracing()
  ask('upgrade.txt', 0, { protocol: 'https', port: 411, result: 'refused' })
  ask('upgrade.txt', 100, { port: 81, result: 'refused' })
  ask('upgrade.txt', 100, { port: 80 })
  assert.deepEqual(boots(), ['upgrade.txt upgrade.txt upgrade.txt'])
  const lines = traces.find('10.0.0.1')?.boots[0]?.lines
  assert.deepEqual(
    lines?.map(({ again }) => again),
    [0, 0, 1],
    'asked again counts for each protocol',
  )
})

test('a phone that was silent for two minutes begins a new story', () => {
  const { ask, boots } = tracing()
  ask('a.txt')
  ask('b.txt', 119_999)
  ask('c.txt', 120_000)
  assert.deepEqual(boots(), ['a.txt b.txt', 'c.txt'])
})

test('a phone that loads a firmware for three minutes is not silent', () => {
  const { traces, ask, boots } = tracing()
  ask('upgrade.txt')
  ask('fw.bin', 500, { ms: 180_000 })
  ask('settings.txt', 700)
  assert.deepEqual(boots(), ['upgrade.txt fw.bin settings.txt'])
  assert.deepEqual(
    traces.find('10.0.0.1')?.boots[0]?.lines.map(({ gapMs }) => gapMs),
    [0, 500, 180_700],
  )
})

test('d115: a wall clock that jumps cuts no boot in two, joins none and bends no gap', () => {
  const { traces, clock, ask, boots } = tracing()
  ask('a.txt')
  clock.setWall(new Date('2030-01-01'))
  ask('b.txt', 1_000)
  clock.setWall(new Date('2020-01-01'))
  ask('c.txt', 2_000)
  ask('d.txt', 120_000)
  assert.deepEqual(boots(), ['a.txt b.txt c.txt', 'd.txt'])
  assert.deepEqual(
    traces.find('10.0.0.1')?.boots[0]?.lines.map(({ gapMs }) => gapMs),
    [0, 1_000, 2_000],
  )
})

test('requests that overlap have no gap below zero', () => {
  const { traces, clock } = tracing()
  traces.record(finished({ asked: 'a.txt', ms: 0 }))
  clock.advance(10)
  traces.record(finished({ asked: 'b.txt', ms: 500 })) // had begun before
  assert.deepEqual(
    traces.find('10.0.0.1')?.boots[0]?.lines.map(({ gapMs }) => gapMs),
    [0, 0],
  )
})

test('how often the same file was asked for is counted within one boot', () => {
  const { traces, ask } = tracing()
  for (const asked of ['upgrade.txt', 'a.txt', 'a.txt', 'a.txt', 'upgrade.txt', 'a.txt']) ask(asked)
  assert.deepEqual(
    traces.find('10.0.0.1')?.boots.map(({ lines }) => lines.map(({ again }) => again)),
    [
      [0, 0, 1, 2],
      [0, 0],
    ],
  )
})

test('of each phone the last boots are kept, and of each boot forty lines', () => {
  const { traces, ask } = tracing({ phones: 10, boots: 2 })
  ask('first boot')
  for (let request = 0; request < 100; request++) ask(`file ${request}`, request === 0 ? 200_000 : 10)
  ask('third boot', 200_000)
  const trace = traces.find('10.0.0.1')
  assert.equal(trace?.requests, 102)
  assert.deepEqual(
    trace?.boots.map(({ lines, more }) => [lines.length, more]),
    [
      [40, 60],
      [1, 0],
    ],
  )
  assert.equal(trace?.boots[0]?.lines.at(-1)?.asked, 'file 39')
})

test('d27: phones are kept up to a number, and the one seen longest ago goes', () => {
  const { traces, ask } = tracing({ phones: 3, boots: 1 })
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.1', '10.0.0.4'])
    ask('a.txt', 1, { address })
  assert.deepEqual(
    traces.list().map(({ address }) => address),
    ['10.0.0.4', '10.0.0.1', '10.0.0.3'],
  )
  assert.equal(traces.find('10.0.0.2'), undefined)
})

test('a phone is found by its address, and by its MAC in any spelling', () => {
  const { traces, ask } = tracing()
  ask('a.txt', 0, { phone: { mac: 'c81f4aef9689', model: 'J139' } })
  ask('a.txt', 0, { address: '2001:db8::1' })
  for (const name of ['10.0.0.1', 'c81f4aef9689', 'C8:1F:4A:EF:96:89', 'c8-1f-4a-ef-96-89', 'c81f.4aef.9689'])
    assert.equal(traces.find(name)?.address, '10.0.0.1', name)
  assert.equal(traces.find('2001:db8::1')?.address, '2001:db8::1')
  for (const name of ['', '10.0.0.9', 'c81f4aef9680', 'nobody'])
    assert.equal(traces.find(name), undefined, name)
})

test('a phone that moved to another address is found by its MAC where it was seen last', () => {
  const { traces, ask } = tracing()
  const phone = { mac: 'c81f4aef9689' }
  ask('a.txt', 0, { phone })
  ask('a.txt', 0, { phone, address: '10.0.0.2' })
  ask('a.txt', 0, { address: '10.0.0.3' })
  assert.equal(traces.find('c81f4aef9689')?.address, '10.0.0.2')
})

test('another MAC at the same address is another phone, whose boots are its own', () => {
  const { traces, ask, boots } = tracing()
  ask('of the old phone', 0, { phone: { mac: 'aaaaaaaaaaaa', model: 'J139' } })
  ask('of the new phone', 10, { phone: { mac: 'bbbbbbbbbbbb' } })
  assert.deepEqual(boots(), ['of the new phone'])
  assert.deepEqual(traces.find('10.0.0.1')?.phone, { mac: 'bbbbbbbbbbbb' })
  assert.equal(traces.find('aaaaaaaaaaaa'), undefined)
})

test('what a phone told of itself is remembered for the protocols in which it tells nothing', () => {
  const { traces, ask, boots } = tracing()
  assert.equal(traces.traitsAt('10.0.0.1'), undefined)
  ask('upgrade.txt', 0, { phone: { mac: 'c81f4aef9689', model: 'J139' } })
  ask('fw.bin', 10, { protocol: 'tftp', port: 69 })
  ask('a.txt', 10, { phone: { version: '4.1' } })
  assert.deepEqual(traces.traitsAt('10.0.0.1'), { mac: 'c81f4aef9689', model: 'J139', version: '4.1' })
  assert.deepEqual(boots(), ['upgrade.txt fw.bin a.txt'])
})

test('a phone was last seen when its last transfer ended', () => {
  const { traces, clock, ask } = tracing()
  ask('fw.bin', 0, { ms: 60_000 })
  assert.equal(traces.list()[0]?.lastAt, clock.wallTime().getTime())
})

test('the name of a file tells the MAC of a phone that says nothing of itself, and no more than that', () => {
  const identifyName = (asked: string) => (asked.startsWith('00a0') ? { mac: asked.slice(0, 12) } : undefined)
  const clock = new TestClock()
  const traces = new BootTraces({ phones: 10, boots: 3 }, { clock, kindOf: () => 'other', identifyName })
  const about = {
    id: 1,
    protocol: 'tftp',
    address: '10.0.0.1',
    port: 69,
    startedAt: 0,
    ms: 1,
    result: 'sent',
    bytes: 1,
  } as const
  traces.record({ ...about, asked: '00a0b0c0d0e0.cfg' })
  assert.equal(traces.find('00a0b0c0d0e0')?.address, '10.0.0.1')
  traces.record({ ...about, asked: '00a0ffffffff.cfg' })
  assert.equal(
    traces.traitsAt('10.0.0.1')?.mac,
    '00a0b0c0d0e0',
    'a name it asks for later may be of another phone',
  )
  traces.record({ ...about, asked: 'x.cfg', phone: { mac: '00a011111111' } })
  assert.equal(traces.traitsAt('10.0.0.1')?.mac, '00a011111111')
})

test('phones are told by the protocol they came over, and when', () => {
  const { clock, traces, ask } = tracing()
  ask('a.txt', 1_000, { address: '10.0.0.1', protocol: 'tftp' })
  ask('a.txt', 1_000, { address: '10.0.0.2', protocol: 'tftp' })
  ask('a.txt', 1_000, { address: '10.0.0.1', protocol: 'http' })
  const over = (protocol: 'tftp' | 'http' | 'ftp', withinMs: number) =>
    traces.seenOver(protocol, withinMs).map(({ address }) => address)
  assert.deepEqual(over('tftp', 3_600_000), ['10.0.0.1', '10.0.0.2'])
  assert.deepEqual(over('http', 3_600_000), ['10.0.0.1'])
  assert.deepEqual(over('ftp', 3_600_000), [])
  clock.advance(3_599_000)
  assert.deepEqual(over('tftp', 3_600_000), ['10.0.0.2'])
})
