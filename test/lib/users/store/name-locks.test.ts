import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NameLocks } from '../../../../lib/users/store/name-locks.ts'

test('changes of one name run one after the other, in the order they were asked for', async () => {
  const locks = new NameLocks()
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = locks.run(['a'], async () => {
    await gate.promise
    order.push('first')
  })
  const second = locks.run(['a', 'b'], async () => order.push('second'))
  const third = locks.run(['b'], async () => order.push('third'))
  await locks.run(['c'], async () => order.push('elsewhere'))
  gate.resolve()
  await Promise.all([first, second, third])
  assert.deepEqual(order, ['elsewhere', 'first', 'second', 'third'])
})

test('a change that fails does not hold up the next, and is over for those who wait', async () => {
  const locks = new NameLocks()
  const failing = locks.run(['a'], () => Promise.reject(new Error('no')))
  const next = locks.run(['a'], async () => 'went on')
  await assert.rejects(failing, /no/)
  assert.equal(await next, 'went on')
  await locks.settled('a')
  await locks.allSettled()
})
