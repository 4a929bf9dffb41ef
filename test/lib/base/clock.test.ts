import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { TestClock } from '../../support/clock.ts'
import { runScript } from '../../support/script.ts'

test('all processes of a machine read the same time', async (t) => {
  const before = systemClock.now()
  const { stdout } = await runScript(
    t,
    "import { systemClock } from 'LIB/base/clock.ts'; console.log(systemClock.now())",
  )
  const after = systemClock.now()
  assert.ok(before < Number(stdout) && Number(stdout) < after, `${before} < ${stdout} < ${after}`)
})

test('the time is that of the monotonic clock of the system', () => {
  const before = Number(process.hrtime.bigint()) / 1e6
  const now = systemClock.now()
  const after = Number(process.hrtime.bigint()) / 1e6
  assert.ok(before - 0.1 <= now && now <= after + 0.1, `${before} <= ${now} <= ${after}`)
})

test('a task runs once, and not before its time', async () => {
  const start = systemClock.now()
  const { promise, resolve } = Promise.withResolvers<number>()
  let runs = 0
  systemClock.after(20, () => {
    runs += 1
    resolve(systemClock.now())
  })
  // Node rounds timers to whole milliseconds.
  assert.ok((await promise) - start > 18)
  await systemClock.sleep(30)
  assert.equal(runs, 1)
})

test('a task that was taken back does not run, and taking it back twice is harmless', async () => {
  let runs = 0
  const cancel = systemClock.after(1, () => (runs += 1))
  cancel()
  await systemClock.sleep(10)
  cancel()
  assert.equal(runs, 0)
})

test('a sleep is broken off by its signal, leaving neither timer nor listener', async () => {
  const controller = new AbortController()
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const sleeping = systemClock.sleep(60_000, controller.signal)
  controller.abort()
  await assert.rejects(sleeping, { name: 'AbortError' })
  assert.equal(timers(), before)
  assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
  await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort()), { name: 'AbortError' })
})

test('d115: a wall clock that jumps does not move the time that counts (test clock)', () => {
  const clock = new TestClock(1_000, new Date('2026-11-22T12:00:00Z'))
  clock.setWall(new Date('2030-01-01T00:00:00Z'))
  assert.equal(clock.now(), 1_000)
  clock.advance(500)
  assert.equal(clock.now(), 1_500)
  assert.equal(clock.wallTime().toISOString(), '2030-01-01T00:00:00.500Z')
})

test('the test clock runs due tasks in the order of their times, at their times', () => {
  const clock = new TestClock()
  const diary: string[] = []
  clock.after(30, () => diary.push(`c at ${clock.now()}`))
  clock.after(10, () => {
    diary.push(`a at ${clock.now()}`)
    clock.after(10, () => diary.push(`b at ${clock.now()}`))
  })
  const cancel = clock.after(15, () => diary.push('never'))
  cancel()
  clock.advance(25)
  assert.deepEqual(diary, ['a at 10', 'b at 20'])
  clock.advance(5)
  assert.deepEqual(diary, ['a at 10', 'b at 20', 'c at 30'])
})

test('a sleep on the test clock ends with the time or with its signal', async () => {
  const clock = new TestClock()
  const slept = clock.sleep(10)
  clock.advance(10)
  await slept
  await assert.rejects(clock.sleep(10, AbortSignal.abort()), { name: 'AbortError' })
  const controller = new AbortController()
  const sleeping = clock.sleep(10, controller.signal)
  controller.abort()
  await assert.rejects(sleeping, { name: 'AbortError' })
})
