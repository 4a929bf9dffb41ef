import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changedIncident,
  closed,
  dropped,
  faultOf,
  isReminderDue,
  joined,
  noIncidents,
  opened,
  withTried,
  type Incident,
  type Incidents,
} from '../../watchdog/incidents.ts'
import { momentAt } from '../support/watchdog-simulation.ts'

const minuteMs = 60_000
const open = (incidents: Incidents, probe: string, atMs = 0) =>
  opened(
    incidents,
    { about: 'fault', probe, slug: probe, severity: 'critical', why: 'silent' },
    momentAt(atMs),
  )
const told = (change: Partial<Incident> = {}): Incident => ({
  ...open(noIncidents, 'http 80').incident,
  told: 'down',
  ...change,
})

test('an incident is named by the time of the place and the probe', () => {
  assert.equal(open(noIncidents, 'http 80').incident.id, '20261124-0915-http-80')
  assert.equal(open(noIncidents, 'Disk of: data!').incident.id, '20261124-0915-disk-of-data')
})

test('no name is given twice, not even when the first is gone', () => {
  const first = open(noIncidents, 'http 80')
  const second = open(dropped(first.incidents, first.incident.id), 'http 80', 1_000)
  const third = open(second.incidents, 'http 80', 2_000)
  assert.deepEqual(
    [second.incident.id, third.incident.id],
    ['20261124-0915-http-80-2', '20261124-0915-http-80-3'],
  )
})

test('two hundred closed incidents are kept, the latest', () => {
  let incidents = noIncidents
  for (let number = 0; number < 250; number += 1) {
    const { incidents: more, incident } = open(incidents, 'http 80', number * minuteMs)
    incidents = closed(more, incident.id, momentAt(number * minuteMs + 1_000))
  }
  assert.equal(incidents.open.length, 0)
  assert.equal(incidents.closed.length, 200)
  assert.equal(incidents.closed[199]?.openedMs, 249 * minuteMs)
})

test('a probe that joins loses the incident of its own that nobody heard of', () => {
  const first = open(noIncidents, 'file server')
  const second = open(first.incidents, 'http 80')
  const { open: left } = joined(second.incidents, first.incident.id, ['http 80', 'tftp 69'])
  assert.deepEqual(
    left.map(({ probes }) => probes),
    [['file server', 'http 80', 'tftp 69']],
  )
  assert.equal(
    faultOf(joined(second.incidents, first.incident.id, ['http 80']), 'http 80')?.probe,
    'file server',
  )
})

test('reminders come after 10 minutes, 30 minutes, 2 hours, 8 hours, and then each day', () => {
  for (const [reminders, minutes] of [10, 30, 120, 480, 1_440, 1_440].entries()) {
    const incident = told({ reminders, lastToldMs: 0 })
    assert.equal(isReminderDue(incident, minutes * minuteMs - 1), false)
    assert.equal(isReminderDue(incident, minutes * minuteMs), true)
  }
})

for (const { what, change } of [
  { what: 'what is acknowledged', change: { acknowledgedBy: 'eva' } },
  { what: 'what is snoozed', change: { snoozed: { untilMs: 61 * minuteMs, by: 'eva' } } },
  { what: 'a warning', change: { severity: 'warning' } },
] as const) {
  test(`nobody is reminded of ${what}`, () => assert.equal(isReminderDue(told(change), 60 * minuteMs), false))
}

test('nobody is reminded of what nobody was told', () => {
  assert.equal(isReminderDue(open(noIncidents, 'http 80').incident, 60 * minuteMs), false)
})

test('a snooze ends, and then the reminder comes', () => {
  assert.equal(isReminderDue(told({ snoozed: { untilMs: 61 * minuteMs, by: 'eva' } }), 61 * minuteMs), true)
})

test('what mended an incident is what was tried last, if that did what it should', () => {
  const { incidents, incident } = open(noIncidents, 'http 80')
  const cureAfter = (...oks: boolean[]) => {
    const tried = oks.reduce(
      (each, ok) => withTried(each, { rung: 'reopen', probe: 'http 80', began: '', endedMs: 0, ok, why: '' }),
      incident,
    )
    return closed(changedIncident(incidents, tried), incident.id, momentAt(1)).closed[0]?.cure
  }
  assert.equal(cureAfter(), 'it mended by itself')
  assert.equal(cureAfter(false, true), 'the attempt to open http 80 anew')
  assert.match(cureAfter(false) ?? '', /by itself; the last attempt, to open http 80 anew, had failed/)
})

test('what was tried is bounded', () => {
  let incident = told()
  for (let number = 0; number < 100; number += 1) {
    incident = withTried(incident, {
      rung: 'hard',
      probe: 'http 80',
      began: '',
      endedMs: number,
      ok: true,
      why: '',
    })
  }
  assert.equal(incident.tried.length, 50)
  assert.equal(incident.tried.at(-1)?.endedMs, 99)
})
