import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Attempts, type AttemptRules } from '../../../lib/base/attempts.ts'

const rules: AttemptRules = {
  free: 2,
  firstDelayMs: 100,
  longestDelayMs: 500,
  mostFailures: 6,
  banMs: 10_000,
  forgetMs: 1_000,
  mostAddresses: 3,
}
const phone = '10.0.0.1'

test('d40: a failure costs more each time up to the longest delay, then the address is banned', () => {
  const attempts = new Attempts(rules)
  assert.deepEqual(
    Array.from({ length: 7 }, () => attempts.failed(phone, 0)),
    [
      { delayMs: 0, bannedNow: false },
      { delayMs: 0, bannedNow: false },
      { delayMs: 100, bannedNow: false },
      { delayMs: 200, bannedNow: false },
      { delayMs: 400, bannedNow: false },
      { delayMs: 500, bannedNow: true },
      { delayMs: 500, bannedNow: false },
    ],
  )
})

test('d40: a ban ends by itself, and is for one address only', () => {
  const attempts = new Attempts(rules)
  for (let failure = 0; failure < 6; failure += 1) attempts.failed(phone, 500)
  assert.equal(attempts.isBanned(phone, 500), true)
  assert.equal(attempts.isBanned(phone, 10_499), true)
  assert.equal(attempts.isBanned(phone, 10_500), false)
  assert.equal(attempts.isBanned('10.0.0.2', 500), false)
})

test('failures are forgotten one by one', () => {
  const attempts = new Attempts(rules)
  for (let failure = 0; failure < 4; failure += 1) attempts.failed(phone, 0)
  assert.equal(attempts.failed(phone, 1_999).delayMs, 200) // the fourth again
  assert.equal(attempts.failed(phone, 2_000).delayMs, 200) // and once more
  assert.equal(attempts.failed(phone, 3_600_000).delayMs, 0)
})

test('d40: however many addresses fail, some are remembered: those that failed last', () => {
  const attempts = new Attempts(rules)
  for (let failure = 0; failure < 6; failure += 1) attempts.failed(phone, 0)
  for (let other = 2; other < 4; other += 1) attempts.failed(`10.0.0.${other}`, 0)
  attempts.failed(phone, 0)
  for (let other = 10; other < 12; other += 1) attempts.failed(`10.0.0.${other}`, 0)
  assert.equal(attempts.size, 3)
  assert.equal(attempts.isBanned(phone, 0), true)
  attempts.failed('10.0.0.12', 0)
  assert.equal(attempts.size, 3)
  assert.equal(attempts.isBanned(phone, 0), false)
})
