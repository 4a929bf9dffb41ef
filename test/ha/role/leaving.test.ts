import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNoHandOver } from '../../../ha/role/leaving.ts'
import type { Effect, Event, PairRecord } from '../../../ha/role/state.ts'
import { acts, LoneNode, recordOf, sentences, takes } from '../../support/lone-node.ts'

const toB: Event = { type: 'hand over', to: 'b', drainMs: 500, why: 'planned by alice' }
const releases = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.do === 'release' ? [effect.handTo] : []))

/** What etcd says of the reign of this active node. */
function own(node: LoneNode, change: Partial<PairRecord> = {}): PairRecord {
  const { record } = node.state
  assert.ok(record)
  return { ...record, revision: record.revision + 1, ...change }
}

test('row 53: a hand-over lets saves end, closes the gate, drops the address, and then releases the role to the other', () => {
  const node = LoneNode.active()
  const begun = node.at(200, toB)
  assert.deepEqual(begun, [
    { do: 'say', sentence: 'hands over to b: planned by alice', weight: 'note' },
    { do: 'drain', untilMs: 700 },
  ])
  const ended = node.at(250, { type: 'drained' })
  assert.deepEqual(acts(ended), ['close gate', 'drop VIP', 'release'])
  assert.deepEqual(releases(ended), ['b'])
  assert.deepEqual(sentences(ended), ['no longer active: planned by alice'])
})

test('a hand-over does not wait for the slowest for ever', () => {
  const node = LoneNode.active()
  node.at(200, toB)
  assert.equal(acts(node.tick(699)).includes('release'), false)
  assert.ok(acts(node.tick(700)).includes('release'))
})

test('row 54: a hand-over that nobody takes is taken back after a second, with nothing missing', () => {
  const node = LoneNode.active()
  node.at(200, toB)
  node.at(250, { type: 'drained' })
  const { leader } = own(node)
  assert.ok(leader)
  const given = own(node, { leader: { ...leader, phase: 'released', handTo: 'b', revision: 31 } })
  node.looks(260, given)
  assert.deepEqual(takes(node.watches(1_250, given)), [])
  assert.deepEqual(takes(node.watches(1_300, given))[0]?.insync, ['a', 'b'])
})

test('row 55: what speaks against a hand-over is said, and nothing is done', () => {
  const paused = { by: 'alice', why: 'new switch' }
  const rows: [change: Partial<PairRecord>, to: string, why: string][] = [
    [{ paused }, 'b', 'paused by alice: new switch'],
    [{ onStandby: ['b'] }, 'b', 'b is taken out of service'],
    [{ insync: { nodes: ['a'], revision: 31 } }, 'b', 'b is stale: acknowledged saves may be missing there'],
    [{}, 'c', 'there is no other node c'],
  ]
  for (const [change, to, why] of rows) {
    const node = LoneNode.active()
    node.looks(150, own(node, change))
    assert.deepEqual(node.at(200, { ...toB, to }), [
      { do: 'say', sentence: `no hand-over: ${why}`, weight: 'note' },
    ])
  }
})

test('row 55: a node that is not active hands over nothing, and two hand-overs are one', () => {
  const standby = new LoneNode()
  standby.looks(100, recordOf())
  assert.deepEqual(sentences(standby.at(200, toB)), ['no hand-over: a is not active'])
  const node = LoneNode.active()
  node.at(200, toB)
  assert.equal(whyNoHandOver(node.state, 'b'), 'one is under way')
})

test('row 54: a hand-over is called off when the other node falls behind while saves end', () => {
  const node = LoneNode.active()
  node.at(200, toB)
  node.looks(220, own(node, { insync: { nodes: ['a'], revision: 31 } }))
  const effects = node.at(250, { type: 'drained' })
  assert.deepEqual(acts(effects), ['open gate'])
  assert.deepEqual(sentences(effects), [
    'hand-over to b called off: b is stale: acknowledged saves may be missing there',
  ])
  assert.equal(whyNoHandOver(node.state, 'b'), 'b is stale: acknowledged saves may be missing there')
})

test('the role is released to nobody in particular when the other node may not take it', () => {
  const node = LoneNode.active()
  node.looks(150, own(node, { insync: { nodes: ['a'], revision: 31 } }))
  assert.deepEqual(releases(node.tick(1_000)), [undefined])
})

test('a node that cannot serve gives the role away and keeps out of it, each time for longer', () => {
  const node = LoneNode.active()
  const effects = node.at(200, { type: 'cannot serve', why: 'the hook failed' })
  assert.deepEqual(releases(effects), ['b'])
  assert.deepEqual(sentences(effects), ['no longer active: cannot serve: the hook failed'])
  const { leader } = own(node)
  assert.ok(leader)
  const free = own(node, { leader: { ...leader, phase: 'released', revision: 31 } })
  assert.deepEqual(takes(node.watches(10_150, free)), [])
  assert.deepEqual(node.state.role, { name: 'standby', why: 'waits 1 s before it tries again' })
  assert.equal(takes(node.watches(10_250, free)).length, 1)
  const again = LoneNode.active()
  again.state = { ...again.state, failures: 1 }
  again.at(200, { type: 'cannot serve', why: 'the hook failed' })
  assert.equal(again.state.notBeforeMs, 20_200)
  const often = LoneNode.active()
  often.state = { ...often.state, failures: 20 }
  often.at(200, { type: 'cannot serve', why: 'the hook failed' })
  assert.equal(often.state.notBeforeMs, 300_200)
})

test('a node that has served for long has its failures forgotten', () => {
  const node = LoneNode.active()
  const { role } = node.state
  assert.ok(role.name === 'active')
  node.state = { ...node.state, failures: 5, role: { ...role, sinceMs: -400_000 } }
  node.at(200, { type: 'cannot serve', why: 'the hook failed' })
  assert.equal(node.state.notBeforeMs, 10_200)
})

test('row 5: stopped, a node releases the role, and takes no part from then on', () => {
  const node = LoneNode.active()
  assert.deepEqual(releases(node.at(200, { type: 'stop' })), ['b'])
  assert.deepEqual(acts(node.watches(10_000, own(node))), [])
  assert.deepEqual(node.hears(10_000, { type: 'HOLD', epoch: 99, challenge: 'c' }), [])
})

test('rows 58, 59: told to refuse, a node releases the role, says why, and takes no part from then on', () => {
  const node = LoneNode.active()
  const effects = node.at(200, { type: 'refuse', why: 'etcd has gone back in time' })
  assert.deepEqual(acts(effects), ['close gate', 'drop VIP', 'release'])
  assert.deepEqual(
    sentences(effects).at(-1),
    'does nothing until it is started again: etcd has gone back in time',
  )
  assert.deepEqual(acts(node.watches(10_000, recordOf())), [])
})
