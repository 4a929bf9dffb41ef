import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Periodic } from '../../../lib/base/periodic.ts'
import { TestClock } from '../../support/clock.ts'

const never = (reason: unknown) => assert.fail(String(reason))

test('it looks at once, and again each time that so long has gone by', async () => {
  const clock = new TestClock()
  const looks: number[] = []
  const periodic = new Periodic(() => void looks.push(clock.now()), { everyMs: 100, clock })
  periodic.start(never)
  assert.deepEqual(looks, [0])
  for (const ms of [99, 1, 100]) {
    await turn()
    clock.advance(ms)
  }
  await turn()
  assert.deepEqual(looks, [0, 100, 200])
})

test('the time counts from the end of a look, so there are never two at once', async () => {
  const clock = new TestClock()
  const looks: PromiseWithResolvers<void>[] = []
  const look = () => {
    looks.push(Promise.withResolvers<void>())
    return looks.at(-1)?.promise
  }
  const periodic = new Periodic(look, { everyMs: 100, clock })
  periodic.start(never)
  clock.advance(1_000)
  await turn()
  assert.equal(looks.length, 1)
  looks[0]?.resolve()
  await turn()
  clock.advance(99)
  await turn()
  assert.equal(looks.length, 1)
  clock.advance(1)
  await turn()
  assert.equal(looks.length, 2)
})

test('what a look throws is told, and none follows it', async () => {
  const clock = new TestClock()
  const told: unknown[] = []
  let looks = 0
  const look = async () => {
    looks += 1
    throw new Error('the disk is gone')
  }
  const periodic = new Periodic(look, { everyMs: 100, clock })
  periodic.start((reason) => told.push(reason))
  await turn()
  clock.advance(1_000)
  await turn()
  assert.deepEqual([told, looks], [[new Error('the disk is gone')], 1])
})

test('stop tells the look in progress, waits for its end, and none follows', async () => {
  const clock = new TestClock()
  const end = Promise.withResolvers<void>()
  const signals: AbortSignal[] = []
  const look = (signal: AbortSignal) => {
    signals.push(signal)
    return end.promise
  }
  const periodic = new Periodic(look, { everyMs: 100, clock })
  periodic.start(never)
  let stopped = false
  void periodic.stop().then(() => (stopped = true))
  await turn()
  assert.deepEqual([signals[0]?.aborted, stopped], [true, false])
  end.resolve()
  await turn()
  clock.advance(1_000)
  await turn()
  assert.deepEqual([signals.length, stopped], [1, true])
})

test('stop ends the pause at once, and once more does no harm', async () => {
  const periodic = new Periodic(() => {}, { everyMs: 100, clock: new TestClock() })
  periodic.start(never)
  await turn()
  let stopped = 0
  for (const _ of [1, 2]) void periodic.stop().then(() => (stopped += 1))
  await turn()
  assert.equal(stopped, 2)
})

test('what was stopped before it started does not start', async () => {
  let looks = 0
  const periodic = new Periodic(() => void (looks += 1), { everyMs: 100, clock: new TestClock() })
  await periodic.stop()
  periodic.start(never)
  await turn()
  assert.equal(looks, 0)
})

test('a look may end it', async () => {
  const clock = new TestClock()
  let looks = 0
  const periodic: Periodic = new Periodic(
    () => {
      looks += 1
      void periodic.stop()
    },
    { everyMs: 100, clock },
  )
  periodic.start(never)
  await turn()
  clock.advance(1_000)
  await turn()
  assert.equal(looks, 1)
})
