import assert from 'node:assert/strict'
import { setImmediate as soon } from 'node:timers/promises'
import { test } from 'node:test'
import { askHedged, inOrder } from '../../../ha/etcd/hedge.ts'
import { EtcdUnavailable, LeaseGone } from '../../../ha/etcd/unavailable.ts'
import { TestClock } from '../../support/clock.ts'

/** Members that answer when the test says so. */
function members(...addresses: string[]) {
  const clock = new TestClock()
  const asked: string[] = []
  const answers = new Map(addresses.map((address) => [address, Promise.withResolvers<string>()]))
  const all = addresses.map((address) => ({
    address,
    ask: (limitMs: number) => {
      asked.push(`${address} ${limitMs}`)
      return answers.get(address)?.promise ?? Promise.reject(new Error('unknown'))
    },
  }))
  const outcome = askHedged(all, { timeoutMs: 250, hedgeMs: 100, clock })
  outcome.catch(() => {})
  const pass = async (ms: number) => {
    clock.advance(ms)
    await soon()
  }
  const say = async (address: string, answer: string | Error) => {
    const { resolve, reject } = answers.get(address) ?? {}
    if (typeof answer === 'string') resolve?.(answer)
    else reject?.(answer)
    await soon()
  }
  return { asked, outcome, pass, say }
}

test('while the first may still answer in time, nobody else is asked', async () => {
  const { asked, outcome, pass, say } = members('one', 'two')
  await pass(99)
  await say('one', 'yes')
  assert.deepEqual(await outcome, { from: 'one', answer: 'yes' })
  await pass(1_000)
  assert.deepEqual(asked, ['one 250'])
})

test('the next is asked as well when one takes long, with the time that is left, and the first answer counts', async () => {
  const { asked, outcome, pass, say } = members('one', 'two', 'three')
  await pass(100)
  await pass(100)
  assert.deepEqual(asked, ['one 250', 'two 150', 'three 50'])
  await say('one', 'late, but first')
  await say('two', 'second')
  assert.deepEqual(await outcome, { from: 'one', answer: 'late, but first' })
})

test('the next is asked at once when one fails, and the others are still waited for', async () => {
  const { asked, outcome, pass, say } = members('one', 'two', 'three')
  await pass(10)
  await say('one', new Error('connection refused'))
  assert.deepEqual(asked, ['one 250', 'two 240'])
  await pass(100)
  await say('three', new Error('no leader'))
  await say('two', 'yes')
  assert.deepEqual(await outcome, { from: 'two', answer: 'yes' })
})

test('when all have failed there is nothing to wait for', async () => {
  const { outcome, say } = members('one', 'two')
  await say('one', new Error('connection refused'))
  await say('two', new Error('no leader'))
  await assert.rejects(outcome, {
    name: 'EtcdUnavailable',
    message: 'etcd gave no answer (one: connection refused; two: no leader)',
  })
})

test('the limit holds whatever the members do, and who was not asked is not blamed', async () => {
  const { outcome, pass } = members('one', 'two', 'three', 'four')
  await pass(250)
  await assert.rejects(outcome, (error: unknown) => {
    assert.ok(error instanceof EtcdUnavailable)
    assert.deepEqual(
      [...error.causes.values()],
      ['no answer within 250 ms', 'no answer within 150 ms', 'no answer within 50 ms', 'not asked'],
    )
    return true
  })
})

test('a lease that has gone is an answer, not a failure of a member', async () => {
  const { asked, outcome, say } = members('one', 'two')
  await say('one', new LeaseGone())
  await assert.rejects(outcome, LeaseGone)
  assert.deepEqual(asked, ['one 250'])
})

test('without members there is no answer', async () => {
  await assert.rejects(members().outcome, EtcdUnavailable)
})

test('those who have not failed are asked first, among them who answered last, and then the nearest', () => {
  const all = [
    { address: 'dead', failures: 7 },
    { address: 'near', failures: 0 },
    { address: 'far', failures: 0 },
    { address: 'odd', failures: 1 },
  ]
  const order = (last?: string) => inOrder(all, last).map(({ address }) => address)
  assert.deepEqual(order(), ['near', 'far', 'odd', 'dead'])
  assert.deepEqual(order('far'), ['far', 'near', 'odd', 'dead'])
  assert.deepEqual(order('dead'), ['near', 'far', 'odd', 'dead'])
})
