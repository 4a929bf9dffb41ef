import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learned, unlearned, type Latency } from '../../watchdog/latency.ts'

const after = (answers: readonly number[], before: Latency = unlearned): Latency =>
  answers.reduce((latency, ms) => learned(latency, ms), before)
const times = (count: number, ms: number) => Array.from({ length: count }, () => ms)
const usual = after([...times(10, 18), ...times(10, 22)])

test('normal is what most answers take, whatever the first one took', () => {
  const { normalMs } = after([400, ...times(60, 20)])
  assert.ok(normalMs > 15 && normalMs < 40, `${normalMs}`)
})

test('a few odd answers teach nothing', () => {
  const { normalMs, drifting } = after(times(4, 30_000), usual)
  assert.ok(normalMs < 25, `${normalMs}`)
  assert.equal(drifting, false)
})

test('five answers in a row far beyond normal are a drift, five normal ones end it', () => {
  const drifting = after(times(5, 500), usual)
  assert.equal(drifting.drifting, true)
  assert.equal(after(times(4, 20), drifting).drifting, true)
  assert.equal(after(times(5, 20), drifting).drifting, false)
})

test('a normal answer in between begins the count anew', () => {
  assert.equal(after([...times(4, 500), 20, ...times(4, 500)], usual).drifting, false)
})

test('what is several times as long but still short is no drift', () => {
  assert.equal(after(times(50, 90), usual).drifting, false)
})

test('nothing drifts before it is learned', () => {
  assert.equal(after([...times(3, 1), ...times(6, 5_000)]).drifting, false)
})

test('a lasting change is normal again after some hundred answers', () => {
  const drifting = after(times(100, 400), usual)
  assert.equal(drifting.drifting, true)
  assert.equal(after(times(1_500, 400), drifting).drifting, false)
})
