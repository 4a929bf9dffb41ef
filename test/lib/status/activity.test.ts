import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Activity, type FinishedTransfer } from '../../../lib/status/activity.ts'
import { TestClock } from '../../support/clock.ts'

const start = { protocol: 'tftp', address: '10.0.0.1', port: 69, asked: '46xxupgrade.scr' } as const

function observed() {
  const clock = new TestClock(5_000)
  const activity = new Activity(clock)
  const heard: FinishedTransfer[] = []
  const leave = activity.onFinished((transfer) => heard.push(transfer))
  return { clock, activity, heard, leave }
}

test('a transfer is listed while it goes on, oldest first, with what was sent so far', () => {
  const { activity, clock } = observed()
  const first = activity.begin(start)
  clock.advance(1_000)
  const second = activity.begin({ ...start, address: '10.0.0.2' })
  first.size = 100
  first.sent = 40
  assert.deepEqual(
    activity
      .active()
      .map(({ id, address, startedAt, size, sent }) => ({ id, address, startedAt, size, sent })),
    [
      { id: 1, address: '10.0.0.1', startedAt: Date.parse('2026-11-22T12:00:00Z'), size: 100, sent: 40 },
      { id: 2, address: '10.0.0.2', startedAt: Date.parse('2026-11-22T12:00:01Z'), size: undefined, sent: 0 },
    ],
  )
  first.end({ result: 'sent', bytes: 100 })
  assert.deepEqual(
    activity.active().map(({ id }) => id),
    [2],
  )
  second.end({ result: 'broken', bytes: 0 })
  assert.deepEqual(activity.active(), [])
})

test('listeners hear how a transfer ended and how long it took', () => {
  const { activity, clock, heard } = observed()
  const transfer = activity.begin(start)
  clock.advance(1_234.56)
  transfer.end({ result: 'refused', bytes: 0, reason: 'notFound', code: 1, detail: 'there is no such file' })
  assert.deepEqual(heard, [
    {
      ...start,
      id: 1,
      startedAt: Date.parse('2026-11-22T12:00:00Z'),
      ms: 1_234.6,
      result: 'refused',
      bytes: 0,
      reason: 'notFound',
      code: 1,
      detail: 'there is no such file',
    },
  ])
})

test('d115: how long a transfer took does not depend on the wall clock', () => {
  const { activity, clock, heard } = observed()
  const transfer = activity.begin(start)
  clock.setWall(new Date('2030-01-01'))
  clock.advance(10)
  transfer.end({ result: 'sent', bytes: 1 })
  assert.equal(heard[0]?.ms, 10)
  assert.equal(heard[0]?.startedAt, Date.parse('2026-11-22T12:00:00Z'))
})

test('ending a transfer twice is a bug and says which; nobody hears of it twice', () => {
  const { activity, heard } = observed()
  const transfer = activity.begin(start)
  transfer.end({ result: 'sent', bytes: 1 })
  assert.throws(
    () => transfer.end({ result: 'broken', bytes: 1 }),
    /transfer 1 of 46xxupgrade\.scr was ended twice/,
  )
  assert.equal(heard.length, 1)
})

test('every listener hears of every transfer until it leaves', () => {
  const { activity, heard, leave } = observed()
  let others = 0
  activity.onFinished(() => others++)
  activity.begin(start).end({ result: 'sent', bytes: 1 })
  leave()
  leave()
  activity.begin(start).end({ result: 'sent', bytes: 1 })
  assert.deepEqual([heard.length, others], [1, 2])
})

test('a transfer is off the list when listeners hear of its end', () => {
  const { activity } = observed()
  let active = -1
  activity.onFinished(() => (active = activity.active().length))
  activity.begin(start).end({ result: 'sent', bytes: 1 })
  assert.equal(active, 0)
})

test('an upload is known as one while it runs and when it is over', () => {
  const { activity, heard } = observed()
  const transfer = activity.begin({ ...start, upload: true })
  assert.equal(activity.active()[0]?.upload, true)
  transfer.end({ result: 'broken', bytes: 3 })
  activity.begin(start).end({ result: 'sent', bytes: 3 })
  assert.deepEqual(
    heard.map(({ upload }) => upload),
    [true, undefined],
  )
})

test('what a phone tells during the transfer is added to what it told before', () => {
  const { activity, heard } = observed()
  const transfer = activity.begin({ ...start, phone: { mac: 'c81f4aef9689', model: 'J139' } })
  transfer.end({ result: 'sent', bytes: 1, phone: { model: 'J139D', version: '4.1' } })
  activity.begin(start).end({ result: 'sent', bytes: 1, phone: { model: 'J179' } })
  activity.begin(start).end({ result: 'sent', bytes: 1 })
  assert.deepEqual(
    heard.map(({ phone }) => phone),
    [{ mac: 'c81f4aef9689', model: 'J139D', version: '4.1' }, { model: 'J179' }, undefined],
  )
  assert(!('phone' in (heard[2] ?? {})))
})

test('d3, d72: hostile characters in names, User-Agents and details become visible, and long ones are cut', () => {
  const { activity, heard } = observed()
  const transfer = activity.begin({
    ...start,
    asked: '\u001b[2Ja\r\nb\ud800',
    phone: { model: 'J139\u0007' },
  })
  assert.equal(activity.active()[0]?.asked, '\\x1b[2Ja\\x0d\\x0ab\\ud800')
  assert.equal(activity.active()[0]?.phone?.model, 'J139\\x07')
  transfer.end({
    result: 'refused',
    bytes: 0,
    detail: 'it lies at \u202eabc',
    phone: { version: '\u001b]0;x' },
  })
  activity
    .begin({ ...start, asked: 'a'.repeat(65_000) })
    .end({ result: 'refused', bytes: 0, detail: 'b'.repeat(65_000) })
  assert.deepEqual(heard[0]?.phone, { model: 'J139\\x07', version: '\\x1b]0;x' })
  assert.equal(heard[0]?.detail, 'it lies at \\u202eabc')
  assert.equal(heard[1]?.asked.length, 257)
  assert.equal(heard[1]?.detail?.length, 1_001)
})

test('a transfer under way can be written as JSON, without what is private', () => {
  const { activity } = observed()
  activity.begin(start)
  assert.deepEqual(JSON.parse(JSON.stringify(activity.active())), [
    { ...start, id: 1, startedAt: Date.parse('2026-11-22T12:00:00Z'), sent: 0 },
  ])
})

test("d109: the watchdog's transfers are told to nobody but who asked for them, and are not listed", () => {
  const probes: string[] = []
  const activity = new Activity(new TestClock(), {
    isProbe: ({ asked }) => asked.startsWith('watchdog'),
    onProbe: ({ asked, result }) => probes.push(`${asked} ${result}`),
  })
  const heard: string[] = []
  activity.onFinished(({ asked }) => heard.push(asked))
  const probe = activity.begin({ ...start, asked: 'watchdog-0123456789abcdef.txt' })
  const phone = activity.begin(start)
  assert.deepEqual(
    activity.active().map(({ asked }) => asked),
    ['46xxupgrade.scr'],
  )
  probe.end({ result: 'sent', bytes: 10 })
  phone.end({ result: 'sent', bytes: 10 })
  assert.deepEqual([probes, heard], [['watchdog-0123456789abcdef.txt sent'], ['46xxupgrade.scr']])
})
