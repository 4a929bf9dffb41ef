import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fewAtOnce } from '../../../lib/base/few-at-once.ts'

test('so many are at work at once, the others wait in the order they came', async () => {
  const inTurn = fewAtOnce(2)
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const begun: number[] = []
  const all = ends.map(({ promise }, index) =>
    inTurn(async () => {
      begun.push(index)
      await promise
      return index
    }),
  )
  assert.deepEqual(begun, [0, 1])
  ends[1]?.resolve()
  await all[1]
  assert.deepEqual(begun, [0, 1, 2])
  for (const { resolve } of ends) resolve()
  assert.deepEqual(await Promise.all(all), [0, 1, 2, 3, 4])
  assert.deepEqual(begun, [0, 1, 2, 3, 4])
})

test('work that fails makes room too', async () => {
  const inTurn = fewAtOnce(1)
  await assert.rejects(
    inTurn(() => Promise.reject(new Error('no'))),
    /^Error: no$/,
  )
  assert.equal(await inTurn(async () => 'done'), 'done')
})
