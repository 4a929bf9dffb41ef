import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Finding } from '../../watchdog/probe.ts'
import type { State } from '../../watchdog/supervision.ts'
import { Watchdog } from '../../watchdog/watchdog.ts'
import { TestClock } from '../support/clock.ts'
import { seededRandom } from '../support/random.ts'
import { recordingLog } from '../support/recording-log.ts'
import { nineDoors, server, usualRules, blind, ok } from '../support/watchdog-simulation.ts'

/** The shell, with all it tells noted down, in a time of its own. */
async function startWatchdog(t: TestContext, find: () => Finding = () => ok) {
  const clock = new TestClock()
  const beatsMs: number[] = []
  const wells: boolean[] = []
  const saved: State[] = []
  const watchdog = new Watchdog({
    probes: [server, ...nineDoors].map((asked) => ({ ...asked, run: async () => find() })),
    rules: usualRules,
    fileServer: {
      pid: undefined,
      hello: async () => {},
      beat: async () => {},
      bye: async () => {},
      whoIsHurt: async () => '',
      reopen: async () => '',
    },
    restarter: undefined,
    evidence: { collect: async () => ({ folder: undefined, missing: [] }) },
    tell: () => {},
    notify: {
      ready: () => {},
      rounds: () => {},
      alive: () => void beatsMs.push(clock.now()),
      status: () => {},
      stopping: () => {},
    },
    roundMs: 76_000,
    onRound: (allWell) => void wells.push(allWell),
    stateFile: { load: async () => undefined, save: async (state) => void saved.push(state) },
    protocols: [],
    clock,
    log: recordingLog().log,
    random: seededRandom(1),
  })
  await watchdog.start((reason) => {
    throw reason
  })
  t.after(() => watchdog.stop())
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      await setImmediate()
      clock.advance(1_000)
    }
    await setImmediate()
  }
  return { watchdog, beatsMs, wells, saved, pass }
}

test('as long as it asks, it is heard, however the times of its probes fall', async (t) => {
  const { beatsMs, pass } = await startWatchdog(t)
  await pass(4 * 3_600)
  const gapsMs = beatsMs.map((at, index) => at - (beatsMs[index - 1] ?? 0))
  assert.ok(beatsMs.length > 4 * 54, `${beatsMs.length} times in four hours`)
  assert.ok(Math.max(...gapsMs) <= 76_000, `silent for ${Math.max(...gapsMs)} ms`)
})

test('a round in which nothing could be seen is not one in which all was well', async (t) => {
  let found: Finding = ok
  const { wells, pass } = await startWatchdog(t, () => found)
  await pass(200)
  assert.equal(wells.at(-1), true)
  found = blind
  await pass(400)
  assert.equal(wells.at(-1), false)
})

test('what a person says is kept at once', async (t) => {
  const { watchdog, saved, pass } = await startWatchdog(t)
  await pass(100)
  watchdog.happen({ type: 'maintenance on', untilMs: 10_000_000, why: 'new firmware' })
  assert.equal(saved.at(-1)?.maintenance?.why, 'new firmware')
})
