import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Case } from '../../../ops/bench/cases.ts'
import type { Run } from '../../../ops/bench/measure.ts'
import { median, reportOf } from '../../../ops/bench/report.ts'
import { verdict } from '../../../ops/bench/table.ts'

const againstNginx: Case = {
  group: 'http',
  title: 'small files',
  load: { door: 'http', file: '8k.bin', connections: 1, seconds: 1, keepAlive: true, unit: 'requests/s' },
  peers: { nginx: 0.5 },
}
const run = (value: number, memoryMb = 10): Run => ({
  value,
  memoryMb,
  failures: 1,
  p50Ms: 1,
  p99Ms: 2,
  cores: 1,
})

test('the median of an odd number of values is the middle one, of an even number the mean of the two', () => {
  assert.equal(median([9, 1, 2]), 2)
  assert.equal(median([9, 1, 2, 4]), 3)
})

test('the ratio is the median of the ratios within rounds, not the ratio of the medians', () => {
  // The machine was busy in the second round, for both of a pair.
  const rounds = [
    { twintone: run(60), nginx: run(100) },
    { twintone: run(4), nginx: run(10) },
    { twintone: run(30), nginx: run(100) },
  ]
  const nginx = reportOf(againstNginx, rounds).servers[1]
  assert.deepEqual(nginx?.comparison, {
    ratio: 0.4,
    least: 0.3,
    most: 0.6,
    noisy: true,
    aim: 0.5,
    met: false,
  })
})

test('an aim is met when the ratio reaches it exactly', () => {
  const nginx = reportOf(againstNginx, [{ twintone: run(50), nginx: run(100) }]).servers[1]
  assert.equal(nginx?.comparison?.met, true)
})

test('a peer without an aim is shown, and neither met nor missed', () => {
  const shown: Case = { ...againstNginx, peers: { nginx: undefined } }
  const report = reportOf(shown, [{ twintone: run(1), nginx: run(100) }])
  assert.deepEqual(report.servers[1]?.comparison, { ratio: 0.01, least: 0.01, most: 0.01, noisy: false })
  assert.equal(verdict([report]), '\n0 of 0 aims met')
})

test('memory is the highest of all rounds, and failures of all rounds count', () => {
  const rounds = [
    { twintone: run(1, 80), nginx: run(1) },
    { twintone: run(1, 30), nginx: run(1) },
  ]
  const ours = reportOf(againstNginx, rounds).servers[0]
  assert.equal(ours?.memoryMb, 80)
  assert.equal(ours.failures, 2)
})

test('the verdict says which aim was missed and by how much', () => {
  const report = reportOf(againstNginx, [{ twintone: run(40), nginx: run(100) }])
  assert.equal(
    verdict([report]),
    '\n0 of 1 aims met\n  missed: http, small files: 0.40x nginx, 20.0 % short of 0.50x',
  )
})

test('the verdict warns of aims that were judged by rounds far apart', () => {
  const rounds = [
    { twintone: run(60), nginx: run(100) },
    { twintone: run(90), nginx: run(100) },
  ]
  assert.equal(
    verdict([reportOf(againstNginx, rounds)]),
    '\n1 of 1 aims met; 1 of them on a busy machine, so measure again when it is quiet',
  )
})
