import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultConfig } from '../../lib/base/config.ts'
import { rulesOf } from '../../watchdog/rules.ts'
import { begin, due, viewOf } from '../../watchdog/supervision.ts'
import { door, missed, momentAt, ok, quickRules, server, Simulation } from '../support/watchdog-simulation.ts'

const asked = [server, door('tftp', 69)]

test('what is seen of a probe: how it stands, why, since when, its normal latency, and its day', () => {
  const simulation = new Simulation(asked, {
    find: (name, atMs) => (name === 'tftp 69' && atMs > 30_000 ? missed('no packet came back') : ok),
  }).run(33_000)
  const tftp = viewOf(simulation.state, simulation.atMs).probes.find(({ name }) => name === 'tftp 69')
  assert.ok(tftp)
  const { state, why, since, counter, last, normalMs, dueInMs, day } = tftp
  assert.deepEqual([state, why, counter], ['suspect', 'no packet came back', 2])
  assert.match(since, /^2026-11-24T09:15:3\d/)
  assert.equal(last?.finding.outcome, 'missed')
  assert.ok(normalMs !== undefined && normalMs < 50)
  assert.ok(dueInMs <= 1_000)
  assert.equal(day.at(-1), 'suspect')
})

test('a door behind a dead file server is shown as unknown, and says what it waits for', () => {
  const simulation = new Simulation(
    asked,
    { find: (_, atMs) => (atMs > 10_000 ? missed() : ok) },
    { ...quickRules, mayAct: false },
  ).run(20_000)
  const [first, second] = viewOf(simulation.state, simulation.atMs).probes
  assert.equal(first?.state, 'down')
  assert.deepEqual(
    [second?.state, second?.behind, second?.why],
    ['unknown', 'file server', 'it is not judged while file server is in trouble'],
  )
})

test('all is due at once after a start, whatever the clock begins with', () => {
  const state = begin(undefined, asked, momentAt(5_000), quickRules)
  const stored = begin(state, asked, { ...momentAt(7_000), atMs: 100 }, quickRules)
  assert.deepEqual(
    due(stored).map(({ dueMs }) => dueMs),
    [100, 100],
  )
})

test('time in which the watchdog did not run has passed, unless the clock on the wall went back', () => {
  const state = begin(undefined, asked, momentAt(5_000), quickRules)
  const away = (wallMs: number) =>
    begin(state, asked, { ...momentAt(wallMs), atMs: 0 }, quickRules).nowMs - state.nowMs
  assert.deepEqual([away(65_000), away(-3_600_000), away(1e12)], [60_000, 0, 7 * 86_400_000])
})

test('what was stored by another version counts as nothing', () => {
  const odd = { ...begin(undefined, asked, momentAt(0), quickRules), version: 2, hurt: 'x' } as never
  assert.equal(begin(odd, asked, momentAt(0), quickRules).hurt, '')
})

test('maintenance shows for every probe, with its end', () => {
  const simulation = new Simulation(asked, { find: () => ok }).run(5_000)
  simulation.happens({ type: 'maintenance on', untilMs: 65_000, why: 'a new switch' })
  const { probes, maintenance } = viewOf(simulation.state, simulation.atMs)
  assert.deepEqual(maintenance, { why: 'a new switch', leftMs: 60_000 })
  assert.ok(probes.every(({ state }) => state === 'maintenance'))
})

test('what is in trouble is never asked more seldom than the rest', () => {
  const settings = defaultConfig().watchdog
  assert.equal(rulesOf(settings, 'pbx-a', false).suspectMs, 10_000)
  assert.equal(rulesOf({ ...settings, intervalSeconds: 1 }, 'pbx-a', false).suspectMs, 1_000)
  assert.equal(rulesOf({ ...settings, restart: 'none' }, 'pbx-a', false).mayRestart, false)
})
