import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { SharedSync } from '../../../../lib/users/store/shared-sync.ts'

function slowSync() {
  const ends: PromiseWithResolvers<void>[] = []
  const sync = new SharedSync(() => {
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return end.promise
  })
  return { sync, ends }
}

test('twenty who ask while a sync runs share the next one', async () => {
  const { sync, ends } = slowSync()
  const first = sync.run()
  await turn()
  let done = 0
  const others = Promise.all(Array.from({ length: 20 }, () => sync.run().then(() => (done += 1))))
  ends[0]?.resolve()
  await first
  await turn()
  assert.deepEqual([ends.length, done], [2, 0])
  ends[1]?.resolve()
  await others
  assert.deepEqual([ends.length, sync.idle], [2, true])
})

test('a failure is told to those who waited for it, and the next run goes on', async () => {
  const { sync, ends } = slowSync()
  const first = sync.run()
  await turn()
  const second = sync.run()
  ends[0]?.reject(new Error('EIO'))
  await assert.rejects(first, /EIO/)
  await turn()
  ends[1]?.resolve()
  await second
})
