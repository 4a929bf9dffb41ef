import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { LoopLag } from '../../../lib/status/loop-lag.ts'

function blockFor(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('before it is started, and while nothing was measured, there is no lag', async () => {
  const lag = new LoopLag()
  assert.deepEqual(lag.read(), { p50: 0, p99: 0, max: 0 })
  await lag.start()
  await lag.stop()
  assert.deepEqual(lag.read(), { p50: 0, p99: 0, max: 0 })
})

test('an event loop that was held up shows, with what the measuring itself takes taken off', async (t) => {
  const lag = new LoopLag()
  t.after(() => lag.stop())
  await lag.start()
  await delay(50)
  blockFor(200)
  await delay(50)
  const { p50, p99, max } = lag.read()
  assert(max >= 150, `${max}`)
  assert(0 <= p50 && p50 <= p99 && p99 <= max, `${p50} ${p99} ${max}`)
})

test('what was measured is forgotten after a minute', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const lag = new LoopLag()
  t.after(() => lag.stop())
  await lag.start()
  await delay(30)
  blockFor(200)
  await delay(30)
  assert(lag.read().max >= 150)
  t.mock.timers.tick(60_000)
  assert.deepEqual(lag.read(), { p50: 0, p99: 0, max: 0 })
})

test('it can be stopped when it was never started, and twice', async () => {
  const lag = new LoopLag()
  await lag.stop()
  await lag.start()
  await lag.stop()
  await lag.stop()
})
