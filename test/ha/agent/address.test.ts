import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Address } from '../../../ha/agent/address.ts'
import type { Event } from '../../../ha/role/state.ts'
import type { OrderOutcome } from '../../../ha/vip/hook.ts'
import { TestClock } from '../../support/clock.ts'
import { LoneNode } from '../../support/lone-node.ts'

const well: OrderOutcome = { ok: true, startedMs: 0, output: '' }
const failed: OrderOutcome = { ok: false, why: 'no such interface' }

/** The address of a node that is active with epoch 30; what the hook is told is kept, and answered with `outcome`. */
function addressOf({ outcome = well, node = LoneNode.active() } = {}) {
  const clock = new TestClock(100)
  const [told, happened, troubles]: [string[], Event[], string[]] = [[], [], []]
  const tell = (what: string) => async () => {
    told.push(what)
    return outcome
  }
  const vip = {
    acquire: (epoch: number) => tell(`acquire ${epoch}`)(),
    renew: tell('renew'),
    release: tell('release'),
  }
  const agent = { state: node.state, epoch: 30, happen: (event: Event) => void happened.push(event) }
  const events = { add: (_weight: string, _epoch: number, sentence: string) => void troubles.push(sentence) }
  const address = new Address(agent, { clock, vip, events }, { lifetimeMs: 1_000 })
  return { address, clock, told, happened, troubles }
}

test('the address is taken once for a reign, and kept from then on', async () => {
  const { address, told } = addressOf()
  await address.take(30, 100)
  await address.keep(100)
  assert.deepEqual(told, ['acquire 30', 'renew'])
})

test('on consent that has grown old it is neither taken nor kept; the next renewal takes it', async () => {
  const { address, told } = addressOf()
  await address.take(30, 99)
  assert.deepEqual(told, [])
  await address.keep(100)
  await address.keep(99)
  assert.deepEqual(told, ['acquire 30'])
})

test('a node that is not active keeps no address', async () => {
  const { address, told } = addressOf({ node: new LoneNode() })
  await address.keep(100)
  assert.deepEqual(told, [])
})

test('a node that cannot take it cannot serve, unless its reign has ended meanwhile', async () => {
  const { address, happened } = addressOf({ outcome: failed })
  await address.take(29, 100)
  assert.deepEqual(happened, [])
  await address.take(30, 100)
  assert.deepEqual(happened, [{ type: 'cannot serve', why: 'no such interface' }])
})

test('one that could not be removed is told of, and waited for until the kernel has dropped it', async () => {
  const { address, clock, troubles } = addressOf({ outcome: failed })
  let dropped = false
  void address.drop().then(() => (dropped = true))
  await turn()
  assert.match(troubles.join(), /could not be removed: no such interface/)
  clock.advance(1_000)
  await turn()
  assert.equal(dropped, false)
  clock.advance(250)
  await turn()
  assert.equal(dropped, true)
})
