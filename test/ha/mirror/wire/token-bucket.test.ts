import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesPerSecond, TokenBucket } from '../../../../ha/mirror/wire/token-bucket.ts'

/** How long it takes to send so many bytes in pieces, when each wait is kept. */
function sendingMs(rate: number, bytes: number): number {
  const bucket = new TokenBucket(rate, 0)
  let now = 0
  for (let left = bytes; left > 0; left -= bucket.pieceBytes)
    now += bucket.take(Math.min(left, bucket.pieceBytes), now)
  return now
}

test('over any length of time it is as many bytes a second as were set', () => {
  assert.equal(Math.round(sendingMs(1_000_000, 10_100_000)), 10_000)
  assert.equal(Math.round(sendingMs(10_000, 101_000)), 10_000)
})

test('a long pause gives no more than a tenth of a second in advance', () => {
  const bucket = new TokenBucket(1_000_000, 0)
  assert.equal(bucket.take(100_000, 60_000), 0)
  assert.equal(bucket.take(100_000, 60_000), 100)
})

test('without a limit nothing waits', () => {
  assert.equal(sendingMs(bytesPerSecond(0), 1e12), 0)
})

test('the setting counts megabits', () => {
  assert.equal(bytesPerSecond(200), 25_000_000)
})
