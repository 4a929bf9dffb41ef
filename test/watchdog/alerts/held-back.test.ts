import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  HeldBack,
  nothingHeld,
  parseHeldBack,
  type HeldBackRules,
} from '../../../watchdog/alerts/held-back.ts'
import { alert } from '../../support/alert.ts'

let timeZone: string | undefined
before(() => {
  timeZone = process.env['TZ']
  process.env['TZ'] = 'UTC'
})
after(() => {
  if (timeZone === undefined) delete process.env['TZ']
  else process.env['TZ'] = timeZone
})

const minuteMs = 60_000
const noon = new Date('2026-11-24T12:00:00Z')
const night = new Date('2026-11-24T23:00:00Z')
const morning = new Date('2026-11-25T06:30:00Z')

const rules = (differences: Partial<HeldBackRules> = {}): HeldBackRules => ({
  from: 'warning',
  quietHours: '',
  perHour: 20,
  ...differences,
})
const held = (differences: Partial<HeldBackRules> = {}) => new HeldBack(rules(differences), nothingHeld, 0)

const warning = alert({ severity: 'warning', kind: 'warning', incident: 'w', subject: 'a certificate ends' })
const fault = alert({ incident: 'f' })
const info = alert({ severity: 'info', kind: 'note', incident: 'i' })
const over = (incident: string) => alert({ severity: 'info', kind: 'recovered', incident })

const told = { do: 'tell' }
const skipped = { do: 'skip' }

test('what is below the severity of a way does not go that way', () => {
  const way = held()
  assert.deepEqual(way.take(info, 0, noon), skipped)
  assert.deepEqual(way.take(warning, 0, noon), told)
  assert.deepEqual(held({ from: 'critical' }).take(warning, 0, noon), skipped)
  assert.deepEqual(held({ from: 'info' }).take(info, 0, noon), told)
})

test('a recovery goes where its fault went, and nowhere else', () => {
  const way = held()
  way.take(fault, 0, noon)
  assert.deepEqual(way.take(over('another'), 1, noon), skipped)
  assert.deepEqual(way.take(over('f'), 1, noon), told)
  assert.deepEqual(way.take(over('f'), 2, noon), skipped)
})

test('in quiet hours a warning waits, what is critical does not, and neither does its recovery', () => {
  const way = held({ quietHours: '22:00-06:30' })
  assert.deepEqual(way.take(warning, 0, night), { do: 'hold', why: 'quiet hours' })
  assert.deepEqual(way.take(fault, 0, night), told)
  assert.deepEqual(way.take(over('f'), 1, night), told)
})

test('a warning that recovers before the morning is told together with its recovery, once', () => {
  const way = held({ quietHours: '22:00-06:30' })
  way.take(warning, 0, night)
  assert.deepEqual(way.take(over('w'), 1, night), { do: 'hold', why: 'with its fault' })
  assert.equal(way.due(2, night), undefined)
  const digest = way.due(3, morning)
  assert.equal(digest?.subject, 'pbx-a: 2 messages held back (quiet hours, or too many an hour)')
  assert.match(digest.text, /warning: a certificate ends \(w\)/)
  assert.equal(way.due(4, morning), undefined)
  assert.equal(way.count, 0)
})

test('the recovery of a warning that a digest told is told', () => {
  const way = held({ quietHours: '22:00-06:30' })
  way.take(warning, 0, night)
  way.due(3, morning)
  assert.deepEqual(way.take(over('w'), 4, morning), told)
})

test('over the rate, messages are held back until the hour has room for one that tells them all', () => {
  const way = held({ perHour: 3 })
  for (const minute of [0, 1, 2]) assert.deepEqual(way.take(fault, minute * minuteMs, noon), told)
  for (const minute of [3, 4])
    assert.deepEqual(way.take(fault, minute * minuteMs, noon), { do: 'hold', why: 'rate' })
  assert.equal(way.due(59 * minuteMs, noon), undefined)
  const digest = way.due(60 * minuteMs, noon)
  assert.equal(digest?.severity, 'critical')
  assert.match(digest.subject, /2 messages held back/)
  assert.equal(way.due(60 * minuteMs, noon), undefined)
})

test('in no hour are there more messages than the rate, digests included', () => {
  const way = held({ perHour: 5 })
  const at: number[] = []
  for (let minute = 0; minute < 600; minute += 1) {
    const now = minute * minuteMs
    if (way.take(fault, now, noon).do === 'tell') at.push(minute)
    if (way.due(now, noon) !== undefined) at.push(minute)
  }
  for (const from of at) assert.ok(at.filter((each) => each >= from && each < from + 60).length <= 5)
  assert.ok(at.length >= 45)
})

test('warnings leave a quarter of the rate to what is critical', () => {
  const way = held({ perHour: 8 })
  const verdicts = Array.from({ length: 8 }, (_, index) => way.take(warning, index, noon).do)
  assert.deepEqual(verdicts, ['tell', 'tell', 'tell', 'tell', 'tell', 'tell', 'hold', 'hold'])
  assert.deepEqual(way.take(fault, 9, noon), told)
  assert.deepEqual(way.take(over('w'), 10, noon), told)
  assert.deepEqual(way.take(fault, 11, noon), { do: 'hold', why: 'rate' })
})

test('a storm leaves a digest of bounded length', () => {
  const way = held({ perHour: 1 })
  for (let count = 0; count < 100_000; count += 1) way.take({ ...fault, incident: `${count}` }, 0, noon)
  assert.ok(JSON.stringify(way.state).length < 100_000)
  const digest = way.due(61 * minuteMs, noon)
  assert.match(digest?.text ?? '', /^99999 messages held back.*\n[^]*and 99949 more$/)
})

test('a restart forgets nothing: what is held, what was told, and how much this hour', () => {
  const earlier = held({ perHour: 1, quietHours: '22:00-06:30' })
  earlier.take(fault, 0, night)
  earlier.take(warning, 1, night)
  const state = parseHeldBack(JSON.parse(JSON.stringify(earlier.state)))
  const then = new HeldBack(rules({ perHour: 1 }), state, 2)
  assert.equal(then.count, 1)
  assert.deepEqual(then.take(over('f'), 3, noon), { do: 'hold', why: 'rate' })
  assert.match(then.due(60 * minuteMs, noon)?.text ?? '', /a certificate ends/)
})

test('d115: after a reboot, when the clock begins anew, times of earlier hold nothing back', () => {
  const earlier = held({ perHour: 1 })
  earlier.take(fault, 90 * minuteMs, noon)
  assert.deepEqual(new HeldBack(rules({ perHour: 1 }), earlier.state, 5).take(fault, 6, noon), told)
})

for (const damaged of [
  null,
  [],
  'x',
  { digest: { count: 'x' }, toldAt: ['x', 1], incidents: [['a'], 3, ['b', 'told']] },
]) {
  test(`${JSON.stringify(damaged)} on disk does no harm`, () => {
    const state = parseHeldBack(damaged)
    assert.equal(new HeldBack(rules(), state, 10).count, 0)
  })
}
