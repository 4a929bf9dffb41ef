import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { Heartbeat } from '../../../lib/status/heartbeat.ts'
import { TestClock } from '../../support/clock.ts'
import { recordingLog } from '../../support/recording-log.ts'

async function listening(t: TestContext) {
  const clock = new TestClock()
  const { log, events } = recordingLog()
  const alarms = new Alarms({ clock, log })
  const heartbeat = new Heartbeat(180, { clock, alarms, log })
  await heartbeat.start()
  t.after(() => heartbeat.stop())
  const subjects = () => alarms.list().map(({ subject }) => subject)
  return { clock, heartbeat, alarms, events, subjects }
}

test('a watchdog that never came is not missed', async (t) => {
  const { clock, heartbeat, subjects } = await listening(t)
  clock.advance(3_600_000)
  assert.deepEqual(subjects(), [])
  assert.equal(heartbeat.status(), undefined)
})

test('a watchdog that has become silent is an alarm, once, until it is heard again', async (t) => {
  const { clock, heartbeat, alarms, events, subjects } = await listening(t)
  heartbeat.hello(4711)
  heartbeat.beat({ round: 1, ok: true })
  clock.advance(179_000)
  assert.deepEqual(subjects(), [])
  clock.advance(1_000)
  assert.deepEqual(subjects(), ['watchdog'])
  assert.match(alarms.list()[0]?.text ?? '', /pid 4711.*2026-11-22T12:00:00.000Z/)
  assert.equal(heartbeat.status()?.silent, true)
  clock.advance(3_600_000)
  assert.equal(events('alarm raised').length, 1)
  heartbeat.beat({ round: 2, ok: true })
  assert.deepEqual(subjects(), [])
  assert.equal(events('alarm over').length, 1)
})

test('each beat begins the silence anew, and the status tells the last one', async (t) => {
  const { clock, heartbeat, subjects } = await listening(t)
  heartbeat.hello(4711)
  for (let round = 1; round <= 10; round++) {
    clock.advance(100_000)
    heartbeat.beat({ round, ok: round < 10 })
  }
  assert.deepEqual(subjects(), [])
  assert.deepEqual(heartbeat.status(), {
    lastHeardAt: '2026-11-22T12:16:40.000Z',
    pid: 4711,
    round: 10,
    ok: false,
    silent: false,
  })
})

test('a watchdog that says goodbye is not missed, also when it was missed before', async (t) => {
  const { clock, heartbeat, subjects } = await listening(t)
  heartbeat.hello(4711)
  clock.advance(200_000)
  assert.deepEqual(subjects(), ['watchdog'])
  heartbeat.bye()
  clock.advance(3_600_000)
  assert.deepEqual(subjects(), [])
  assert.equal(heartbeat.status(), undefined)
})

test('d115: a wall clock that jumps, or a stop of the file server itself, is no silence of the watchdog', async () => {
  const steps: (() => void)[] = []
  let now = 0
  const clock = Object.assign(new TestClock(), {
    now: () => now,
    after: (_ms: number, task: () => void) => {
      steps.push(task)
      return () => {}
    },
  })
  const { log } = recordingLog()
  const alarms = new Alarms({ clock, log })
  const heartbeat = new Heartbeat(180, { clock, alarms, log })
  await heartbeat.start()
  heartbeat.hello(4711)
  clock.setWall(new Date('2030-01-01'))
  now += 86_400_000 // stopped for a day: the timer comes late
  steps.shift()?.()
  assert.deepEqual(alarms.list(), [])
  assert.equal(steps.length, 1)
})
