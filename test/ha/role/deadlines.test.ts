import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect, Message } from '../../../ha/role/state.ts'
import { acts, LoneNode, released, sentences, takes, wonBy } from '../../support/lone-node.ts'

const gates = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'open gate' ? [effect.untilMs] : []))
const keeps = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'keep VIP' ? [effect.notAfterMs] : []))

function challengeOf(effects: readonly Effect[]): string {
  const holds = effects.flatMap((effect) =>
    effect.do === 'send' && effect.message.type === 'HOLD' ? [effect.message.challenge] : [],
  )
  return holds[0] ?? ''
}

const promise = (challenge: string, epoch = 30): Message => ({ type: 'PROMISE', epoch, challenge })
const renewed = (node: LoneNode, sentMs: number) => {
  assert.ok(node.state.record)
  return { type: 'renewed', sentMs, outcome: 'confirmed', record: node.state.record } as const
}

test('a reign counts from when the role was asked for', () => {
  const node = new LoneNode()
  const [campaign] = takes(node.looks(100, released))
  const effects = node.at(180, { type: 'took', outcome: 'done', record: wonBy(campaign) })
  assert.deepEqual(gates(effects), [1_000])
})

test('a renewal counts from when it was asked for', () => {
  const node = LoneNode.active()
  assert.deepEqual(gates(node.at(590, renewed(node, 400))), [1_300])
})

test('a promise counts from when it was asked for', () => {
  const node = LoneNode.active()
  const challenge = challengeOf(node.tick(400))
  assert.deepEqual(gates(node.hears(700, promise(challenge))), [1_300])
})

test('an older consent that comes later changes nothing', () => {
  const node = LoneNode.active()
  const challenge = challengeOf(node.tick(400))
  node.at(590, renewed(node, 500))
  assert.deepEqual(gates(node.hears(600, promise(challenge))), [])
})

test('row 62: a promise nobody asked for, one that comes twice, and one of another epoch count for nothing', () => {
  const node = LoneNode.active()
  const challenge = challengeOf(node.tick(400))
  assert.deepEqual(node.hears(410, promise('guessed')), [])
  assert.deepEqual(node.hears(410, promise(challenge, 10)), [])
  assert.equal(gates(node.hears(410, promise(challenge))).length, 1)
  assert.deepEqual(node.hears(420, promise(challenge)), [])
})

test('row 12: a node without consent closes the gate, drops the address, and then releases the role', () => {
  const node = LoneNode.active()
  assert.equal(acts(node.tick(999)).includes('close gate'), false)
  const effects = node.tick(1_000)
  assert.deepEqual(acts(effects).slice(0, 3), ['close gate', 'drop VIP', 'release'])
  assert.equal(
    sentences(effects)[0],
    'no longer active: neither etcd nor the other node has answered for 900 ms',
  )
})

test('row 7: whatever happens after a standstill, who is overdue stops before anything else', () => {
  for (const event of [
    { type: 'fitness', unfit: undefined },
    { type: 'drained' },
    { type: 'heard', message: promise('late') },
  ] as const)
    assert.deepEqual(acts(LoneNode.active().at(10_000, event)).slice(0, 2), ['close gate', 'drop VIP'])
})

test('row 7: a confirmation that was waiting during a standstill revives nobody', () => {
  const node = LoneNode.active()
  const effects = node.at(1_000, renewed(node, 400))
  assert.deepEqual(acts(effects).slice(0, 3), ['close gate', 'drop VIP', 'release'])
  assert.equal(node.state.role.name, 'standby')
})

test('row 8: a standstill that is shorter than the deadline costs nothing', () => {
  const node = LoneNode.active()
  assert.deepEqual(acts(node.at(999, renewed(node, 980))), ['open gate', 'keep VIP'])
})

test('row 6: the kernel is not told to keep the address for a consent that was long on its way', () => {
  const node = LoneNode.active()
  const challenge = challengeOf(node.tick(400))
  const late = node.hears(650, promise(challenge))
  assert.deepEqual([gates(late), keeps(late)], [[1_300], []])
  assert.deepEqual(keeps(node.at(700, renewed(node, 500))), [750])
})

test('row 28: a win that was long in doubt is renewed before it is served', () => {
  const node = new LoneNode()
  const [campaign] = takes(node.looks(100, released))
  node.at(350, { type: 'took', outcome: 'unknown' })
  const effects = node.looks(2_000, wonBy(campaign))
  assert.deepEqual(acts(effects), ['renew', 'send HOLD'])
  assert.deepEqual(acts(node.at(2_100, renewed(node, 2_000))), ['take VIP', 'open gate'])
})

test('row 28: a win in doubt that nothing confirms is given up', () => {
  const node = new LoneNode()
  const [campaign] = takes(node.looks(100, released))
  node.at(350, { type: 'took', outcome: 'unknown' })
  node.looks(2_000, wonBy(campaign))
  assert.equal(
    node.tick(2_899).some((effect) => effect.do === 'close gate'),
    false,
  )
  assert.ok(acts(node.tick(2_900)).includes('release'))
})

test('while active, a renewal goes out four times a second, one at a time', () => {
  const node = LoneNode.active()
  assert.equal(acts(node.tick(350)).includes('renew'), false)
  node.at(360, { type: 'renewed', sentMs: 100, outcome: 'unknown' })
  assert.deepEqual(acts(node.tick(360)), ['renew'])
  node.at(370, renewed(node, 360))
  assert.equal(acts(node.tick(609)).includes('renew'), false)
  assert.equal(acts(node.tick(610)).includes('renew'), true)
})

test('row 39: a promise is asked for four times a second, and far more often when none came', () => {
  const node = LoneNode.active()
  const asksAt = [349, 350, 399, 450, 480, 529, 530].filter((nowMs) =>
    acts(node.tick(nowMs)).includes('send HOLD'),
  )
  assert.deepEqual(asksAt, [350, 480, 530])
})
