import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoundTrip } from '../../../lib/tftp/round-trip.ts'

test('before anything was measured the first wait is the one that was set, and doubles', () => {
  const roundTrip = new RoundTrip(300)
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((copies) => roundTrip.waitMs(copies)),
    [300, 600, 1_200, 2_000, 2_000],
  )
})

test('the wait follows what answers took, with room for their variation', () => {
  const roundTrip = new RoundTrip(1_000)
  roundTrip.took(100)
  assert.equal(roundTrip.waitMs(1), 300) // RFC 6298, 2.2: SRTT + 4 * R/2
  roundTrip.took(100)
  assert.ok(roundTrip.waitMs(1) < 300)
  roundTrip.took(180)
  assert.ok(roundTrip.waitMs(1) > 200)
})

test('a quick phone is still given five milliseconds more than it takes', () => {
  const roundTrip = new RoundTrip(1_000)
  for (let answers = 0; answers < 50; answers += 1) roundTrip.took(0.2)
  assert.ok(Math.abs(roundTrip.waitMs(1) - 5.2) < 0.01)
})

test('no wait is longer than two seconds', () => {
  const roundTrip = new RoundTrip(1_000)
  roundTrip.took(60_000)
  assert.equal(roundTrip.waitMs(1), 2_000)
})

test('one answer that took very long is forgotten after some dozens of quick ones', () => {
  const roundTrip = new RoundTrip(1_000)
  for (let answers = 0; answers < 20; answers += 1) roundTrip.took(1)
  roundTrip.took(2_000)
  assert.equal(roundTrip.waitMs(1), 2_000)
  for (let answers = 0; answers < 40; answers += 1) roundTrip.took(1)
  assert.ok(roundTrip.waitMs(1) < 20)
})

test('a wait that was too short is doubled until the next answer is measured', () => {
  const roundTrip = new RoundTrip(1_000)
  roundTrip.took(10)
  roundTrip.took(10)
  const before = roundTrip.waitMs(1)
  roundTrip.wasTooShort()
  roundTrip.wasTooShort()
  assert.equal(roundTrip.waitMs(1), before * 4)
  roundTrip.took(10)
  assert.ok(roundTrip.waitMs(1) <= before)
})
