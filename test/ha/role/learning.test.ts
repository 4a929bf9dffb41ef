import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acts, LoneNode, recordOf, renewedTo, sentences, takes } from '../../support/lone-node.ts'

test('what a member that lags says is no news: neither a change, nor a step back, nor a sign of etcd', () => {
  const node = new LoneNode()
  node.looks(100, renewedTo(25))
  node.looks(400, renewedTo(24))
  assert.deepEqual([node.state.record?.revision, node.state.changedMs, node.state.lookedMs], [25, 100, 100])
})

test('a change that the watch has told at once is no news when it is read later', () => {
  const node = new LoneNode()
  node.looks(100, renewedTo(24))
  node.at(300, { type: 'seen', leaderRevision: 25 })
  node.looks(900, renewedTo(25))
  assert.equal(node.state.changedMs, 300)
})

test('a revision that rises without the leader is news, but no change', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  node.looks(400, recordOf({ revision: 24, onStandby: ['b'] }))
  assert.deepEqual(
    [node.state.record?.onStandby, node.state.changedMs, node.state.lookedMs],
    [['b'], 100, 400],
  )
})

test('a record that has ended with its lease counts as a change', () => {
  const node = new LoneNode()
  const { leader: _, ...gone } = recordOf({ revision: 24 })
  node.looks(100, recordOf())
  node.looks(400, gone)
  assert.equal(node.state.changedMs, 400)
})

test('an active node that reads of another reign stops, and does not release what is not its own', () => {
  const node = LoneNode.active()
  const effects = node.looks(200, renewedTo(40, { term: { node: 'b', nonce: 'again', epoch: 40 } }))
  assert.deepEqual(acts(effects), ['close gate', 'drop VIP'])
  assert.deepEqual(sentences(effects), ['no longer active: b is active with epoch 40'])
})

test('a renewal that is refused for another reign ends ours', () => {
  const node = LoneNode.active()
  const record = renewedTo(40, { term: { node: 'b', nonce: 'again', epoch: 40 } })
  const effects = node.at(200, { type: 'renewed', sentMs: 190, outcome: 'refused', record })
  assert.deepEqual(acts(effects), ['close gate', 'drop VIP'])
})

test('row 59: an active node whose reign etcd has lost stops', () => {
  const node = LoneNode.active()
  const record = { revision: 40, onStandby: [] }
  const effects = node.at(200, { type: 'renewed', sentMs: 190, outcome: 'refused', record })
  assert.deepEqual(sentences(effects), ['no longer active: etcd has lost our reign'])
})

test('an answer from before our reign ends nothing', () => {
  const node = LoneNode.active()
  const effects = node.at(200, { type: 'renewed', sentMs: 90, outcome: 'refused', record: renewedTo(25) })
  assert.deepEqual(acts(effects), [])
  assert.equal(node.state.role.name, 'active')
})

test('row 10: a node that stood still counts anew, whatever it hears first, and says so', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  node.watches(1_500, recordOf())
  const effects = node.looks(3_000, recordOf())
  assert.deepEqual(takes(effects), [])
  assert.deepEqual(sentences(effects), ['stood still for 1500 ms; counts anew'])
  assert.deepEqual(takes(node.watches(4_600, recordOf())), [])
  assert.equal(takes(node.watches(4_750, recordOf())).length, 1)
})

test('row 51: half a window is not yet a standstill', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  assert.deepEqual(sentences(node.tick(925)), [])
  assert.deepEqual(sentences(node.tick(1_751)), ['stood still for 826 ms; counts anew'])
})
