import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestRate } from '../../../lib/tftp/request-rate.ts'

/** How many of `count` requests at the same time are answered. */
const answered = (rate: RequestRate, address: string, count: number, now: number) =>
  Array.from({ length: count }, () => rate.take(address, now)).filter(({ answer }) => answer).length

test('d27: as many requests as a second allows are answered at once, the others are dropped and counted', () => {
  const rate = new RequestRate(200)
  assert.equal(answered(rate, '10.0.0.1', 10_000, 5_000), 200)
  assert.equal(rate.dropped, 9_800)
})

test('d27: time gives requests back, up to a second of them', () => {
  const rate = new RequestRate(200)
  answered(rate, '10.0.0.1', 300, 0)
  assert.equal(answered(rate, '10.0.0.1', 300, 100), 20)
  assert.equal(answered(rate, '10.0.0.1', 300, 60_000), 200)
})

test('d27: one address does not use up what is another one’s', () => {
  const rate = new RequestRate(10)
  answered(rate, '10.0.0.1', 1_000, 0)
  assert.equal(answered(rate, '10.0.0.2', 10, 0), 10)
})

test('d27: drops are worth saying once in ten seconds for each address, with their number', () => {
  const rate = new RequestRate(1)
  const said = [0, 1, 2, 3, 10_002, 10_003].map((now) => {
    rate.take('10.0.0.1', now)
    return rate.take('10.0.0.1', now).say
  })
  assert.deepEqual(said, [1, undefined, undefined, undefined, 7, undefined])
  rate.take('10.0.0.2', 3)
  assert.equal(rate.take('10.0.0.2', 3).say, 1)
})

test('d27: a flood from random addresses does not make it forget who asked a moment ago', () => {
  const rate = new RequestRate(5)
  let now = 0
  assert.equal(answered(rate, '10.0.0.1', 50, now), 5)
  for (let other = 0; other < 50_000; other += 1) {
    now += 0.001
    rate.take(`172.16.${other}`, now)
    if (other % 1_000 === 0) assert.equal(rate.take('10.0.0.1', now).answer, false)
  }
})

test('d27: an address that was pushed out by ten thousand others begins anew', () => {
  const rate = new RequestRate(5)
  answered(rate, '10.0.0.1', 50, 0)
  for (let other = 0; other < 10_000; other += 1) rate.take(`172.16.${other}`, 0)
  assert.equal(answered(rate, '10.0.0.1', 50, 0), 5)
})
