import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoginGuard, type GuardRules } from '../../../lib/ftp/login-guard.ts'

const rules: GuardRules = {
  firstDelayMs: 100,
  longestDelayMs: 1_000,
  mostFailures: 6,
  banMs: 60_000,
  forgetMs: 10_000,
  mostAddresses: 3,
}

test('d40: each failed login of an address is answered later than the one before, up to a limit', () => {
  const guard = new LoginGuard(rules)
  const delays = [1, 2, 3, 4, 5].map(() => guard.failed('10.0.0.1', 0).delayMs)
  assert.deepEqual(delays, [100, 200, 400, 800, 1_000])
  assert.equal(guard.failed('10.0.0.2', 0).delayMs, 100, 'another address has its own count')
})

test('d40: too many failures ban the address for a while, and that is said once', () => {
  const guard = new LoginGuard(rules)
  const bans = [1, 2, 3, 4, 5, 6, 7].map(() => guard.failed('10.0.0.1', 0).bannedNow)
  assert.deepEqual(bans, [false, false, false, false, false, true, false])
  assert.equal(guard.bannedForMs('10.0.0.1', 20_000), 40_000)
  assert.equal(guard.bannedForMs('10.0.0.2', 20_000), 0)
  assert.equal(guard.bannedForMs('10.0.0.1', 60_000), 0)
})

test('failures are forgotten one by one, so that a phone which was mended is as good as any', () => {
  const guard = new LoginGuard(rules)
  for (let times = 0; times < 3; times += 1) guard.failed('10.0.0.1', 0)
  assert.equal(guard.failed('10.0.0.1', 19_999).delayMs, 400, 'one of three forgotten')
  assert.equal(guard.failed('10.0.0.1', 1_000_000).delayMs, 100, 'all forgotten')
})

test('d91: memory is bounded: who has failed least recently is forgotten first', () => {
  const guard = new LoginGuard(rules)
  for (const address of ['a', 'b', 'c']) guard.failed(address, 0)
  guard.failed('a', 1)
  guard.failed('d', 2)
  assert.equal(guard.size, 3)
  assert.equal(guard.failed('a', 3).delayMs, 400, 'a was kept')
  assert.equal(guard.failed('b', 4).delayMs, 100, 'b was not')
})
