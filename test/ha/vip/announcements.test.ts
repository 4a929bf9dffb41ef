import assert from 'node:assert/strict'
import { test } from 'node:test'
import { announced, beginAnnouncing, contradict, type Plan } from '../../../ha/vip/announcements.ts'

/** When announcements go out, if each goes out as soon as it is due. */
function followed(plan: Plan, times: number, chance: number): number[] {
  const sent: number[] = []
  let left = plan
  while (sent.length < times) {
    const now = left[0] ?? Infinity
    sent.push(now)
    left = announced(left, now, chance)
  }
  return sent
}

test('an address that comes is announced at 0, 50, 200, 1100, 2200 and 5000 ms, then every 30 s', () => {
  assert.deepEqual(
    followed(beginAnnouncing(7_000), 8, 0.5),
    [7_000, 7_050, 7_200, 8_100, 9_200, 12_000, 42_000, 72_000],
  )
})

test('the slow refresh varies by a fifth', () => {
  assert.deepEqual(announced([0], 0, 0), [24_000])
  assert.deepEqual(announced([0], 0, 1).map(Math.round), [36_000])
})

test('after a stall what was missed is made up for by one announcement, not by all', () => {
  assert.deepEqual(announced(beginAnnouncing(0), 1_500, 0.5), [2_200, 5_000])
})

test('row 33: a foreign claim is answered at once, and once more when old kernels listen again', () => {
  assert.deepEqual(followed(contradict([24_000], 10_000), 3, 0.5), [10_000, 11_100, 24_000])
})

test('a foreign claim during the burst takes nothing from it', () => {
  assert.deepEqual(followed(contradict([2_200, 5_000], 1_500), 4, 0.5), [1_500, 2_200, 2_600, 5_000])
})
