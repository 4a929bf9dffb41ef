import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryMs, toDrop, usualQueueRules } from '../../../watchdog/alerts/queue-rules.ts'

const rules = { ...usualQueueRules, firstRetryMs: 2_000, longestRetryMs: 60_000, most: 3, oldestMs: 1_000 }

test('tries grow apart, up to a limit', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 500].map((failures) => retryMs(failures, 0.5, rules)),
    [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
  )
})

test('each wait is a fifth more or less', () => {
  assert.equal(retryMs(1, 0, rules), 1_600)
  assert.equal(retryMs(1, 1, rules), 2_400)
})

const waiting = (severity: 'info' | 'warning' | 'critical', since: number) => ({ severity, since })

test('beyond the number the least severe go first, of those the oldest, and what is critical last', () => {
  const all = [
    waiting('critical', 1),
    waiting('warning', 2),
    waiting('info', 3),
    waiting('warning', 4),
    waiting('critical', 5),
  ]
  assert.deepEqual(toDrop(all, 10, rules), [all[2], all[1]])
  const grave = [1, 2, 3, 4].map((since) => waiting('critical', since))
  assert.deepEqual(toDrop([...grave, waiting('warning', 5)], 10, rules), [waiting('warning', 5), grave[0]])
})

test('what is too old goes, whatever it is', () => {
  assert.deepEqual(toDrop([waiting('critical', 0), waiting('info', 500)], 1_001, rules), [
    waiting('critical', 0),
  ])
})

test('as many as may wait, wait', () => {
  assert.deepEqual(
    toDrop(
      [1, 2, 3].map((since) => waiting('info', since)),
      10,
      rules,
    ),
    [],
  )
})
