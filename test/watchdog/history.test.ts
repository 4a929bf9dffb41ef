import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayOf, recorded, slotMs, slotsOfDay, type Strip } from '../../watchdog/history.ts'
import type { ProbeState } from '../../watchdog/verdict.ts'

const strip = (...seen: [slot: number, state: ProbeState][]): Strip => {
  let made: Strip | undefined
  for (const [slot, state] of seen) made = recorded(made, state, slot * slotMs + 1_000)
  assert.ok(made)
  return made
}

test('a slot shows the worst that was in it', () => {
  assert.equal(strip([7, 'ok'], [7, 'down'], [7, 'recovering'], [7, 'ok']).letters, 'd')
  assert.equal(strip([7, 'unknown'], [7, 'ok']).letters, 'o')
})

test('time in which nothing was seen stays empty', () => {
  assert.equal(strip([1, 'ok'], [4, 'suspect']).letters, 'o..s')
})

test('a day is 288 slots that end now', () => {
  const day = dayOf(strip([10, 'ok'], [11, 'down']), 13 * slotMs)
  assert.equal(day.length, slotsOfDay)
  assert.deepEqual(day.slice(-4), ['ok', 'down', undefined, undefined])
})

test('a strip never grows beyond a day, however long the gap', () => {
  let made = strip([0, 'ok'])
  for (let slot = 1; slot < 1_000; slot += 1) made = recorded(made, 'ok', slot * slotMs)
  assert.equal(made.letters.length, slotsOfDay)
  assert.equal(recorded(made, 'down', 1e9 * slotMs).letters.length, slotsOfDay)
})

test('a strip that was not told for more than a day is empty', () => {
  assert.ok(dayOf(strip([1, 'down']), 1_000 * slotMs).every((state) => state === undefined))
  assert.equal(dayOf(undefined, 0).length, slotsOfDay)
})

test('the same strip comes back when nothing got worse', () => {
  const before = strip([3, 'suspect'])
  assert.equal(recorded(before, 'ok', 3 * slotMs), before)
})
