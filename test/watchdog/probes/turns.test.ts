import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../lib/base/clock.ts'
import { Attempt, Blind } from '../../../watchdog/probes/attempt.ts'
import { Turns } from '../../../watchdog/probes/turns.ts'

const attemptWith = (signal: AbortSignal) => new Attempt(systemClock, signal)
const never = attemptWith(new AbortController().signal)

test('what changes the same file comes one after the other, in order', async () => {
  const turns = new Turns()
  const heard: string[] = []
  const work = (name: string) =>
    turns.take('a', never, async () => {
      heard.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      heard.push(`${name} ends`)
    })
  await Promise.all([work('one'), work('two'), work('three')])
  assert.deepEqual(heard, ['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends'])
})

test('other files are not waited for', async () => {
  const turns = new Turns()
  const held = Promise.withResolvers<void>()
  const first = turns.take('a', never, () => held.promise)
  assert.equal(await turns.take('b', never, async () => 'done'), 'done')
  held.resolve()
  await first
})

test('who waits too long is blind, and the one behind it still gets its turn after the first', async () => {
  const turns = new Turns()
  const held = Promise.withResolvers<void>()
  const heard: string[] = []
  const first = turns.take('a', never, () => held.promise)
  const controller = new AbortController()
  const second = turns.take('a', attemptWith(controller.signal), async () => heard.push('second'))
  const third = turns.take('a', never, async () => heard.push('third'))
  controller.abort()
  await assert.rejects(second, Blind)
  assert.deepEqual(heard, [])
  held.resolve()
  await Promise.all([first, third])
  assert.deepEqual(heard, ['third'])
})

test('a failure gives the turn back', async () => {
  const turns = new Turns()
  await assert.rejects(turns.take('a', never, () => Promise.reject(new Error('no'))))
  assert.equal(await turns.take('a', never, async () => 'done'), 'done')
})
