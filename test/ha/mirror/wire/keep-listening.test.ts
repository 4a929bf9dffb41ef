import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as breathe } from 'node:timers/promises'
import { keepListening } from '../../../../ha/mirror/wire/keep-listening.ts'
import { TestClock } from '../../../support/clock.ts'

test('a port that cannot be had is told, and tried again until it can be, or nobody wants it any more', async () => {
  const clock = new TestClock()
  const told: (string | undefined)[] = []
  const taken = [true, true, false]
  const listen = async () => {
    if (taken.shift() !== false) throw new Error('it is in use')
  }
  const parts = { clock, tell: (why: string | undefined) => void told.push(why) }
  const listening = keepListening(listen, parts, new AbortController().signal)
  for (let tries = 0; tries < 2; tries++) {
    await breathe()
    clock.advance(5_000)
  }
  await listening
  assert.deepEqual(told, ['it is in use', 'it is in use', undefined])
  const stopping = new AbortController()
  const stopped = keepListening(listen, parts, stopping.signal)
  await breathe()
  stopping.abort()
  await stopped
  assert.deepEqual(told.slice(3), ['it is in use'])
})
