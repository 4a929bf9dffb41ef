import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acts, LoneNode, recordOf, released, sentences, takes, wonBy } from '../../support/lone-node.ts'

const hold = (epoch: number) => ({ type: 'HOLD', epoch, challenge: `of ${epoch}` }) as const

test('a standby promises, by the challenge that it was given', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  assert.deepEqual(node.hears(200, hold(10)), [
    { do: 'send', message: { type: 'PROMISE', epoch: 10, challenge: 'of 10' } },
  ])
  assert.equal(node.state.promisedMs, 200)
})

test('row 28b: nothing is promised while a question of ours may come true', () => {
  const node = new LoneNode()
  node.looks(100, released)
  assert.deepEqual(node.hears(110, hold(10)), [])
  node.at(350, { type: 'took', outcome: 'unknown' })
  assert.deepEqual(node.hears(360, hold(10)), [])
  assert.equal(node.state.promisedMs, -Infinity)
})

test('row 28c: the bet outlives the campaign, until a higher revision is seen', () => {
  const node = new LoneNode()
  node.looks(100, released)
  node.at(350, { type: 'took', outcome: 'unknown' })
  const paused = { ...released, revision: 21, paused: { by: 'alice', why: 'x' } }
  node.at(360, { type: 'took', outcome: 'refused', record: paused })
  assert.deepEqual(node.hears(370, hold(15)), [])
})

test('a reign that began after what we bet on ends the bet: nothing of ours can come true any more', () => {
  const node = new LoneNode()
  node.looks(100, released)
  const effects = node.hears(110, hold(31))
  assert.deepEqual(acts(effects), ['send PROMISE'])
  assert.deepEqual(sentences(effects), ['was refused the role: b has it, or the record changed'])
})

test('rows 28c, 62: nothing is promised to a reign that is over', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  assert.deepEqual(node.hears(200, hold(9)), [])
  node.hears(300, { type: 'RELEASE', epoch: 10 })
  assert.deepEqual(acts(node.hears(310, hold(10))), [])
})

test('row 10: an active node tells the one with an earlier reign to stop', () => {
  assert.deepEqual(LoneNode.active().hears(200, hold(10)), [
    { do: 'send', message: { type: 'FENCE', epoch: 30 } },
  ])
})

test('row 10: an active node stops at the word of one with a later reign, whichever word it is', () => {
  for (const message of [{ type: 'FENCE', epoch: 31 } as const, hold(31)]) {
    const effects = LoneNode.active().hears(200, message)
    assert.deepEqual(acts(effects), ['close gate', 'drop VIP'])
    assert.deepEqual(sentences(effects), ['no longer active: the other node is active with epoch 31'])
  }
})

test('row 62: an old FENCE, and one that comes to a standby, are ignored', () => {
  assert.deepEqual(LoneNode.active().hears(200, { type: 'FENCE', epoch: 30 }), [])
  const node = new LoneNode()
  node.looks(100, recordOf())
  assert.deepEqual(acts(node.hears(200, { type: 'FENCE', epoch: 99 })), [])
})

test('row 10: who took over without a release tells the one before to stop, ten times a second for a minute', () => {
  const node = new LoneNode()
  const [campaign] = takes(node.watches(3_000, recordOf()))
  const taken = node.at(3_000, { type: 'took', outcome: 'done', record: wonBy(campaign) })
  assert.ok(acts(taken).includes('send FENCE'))
  const sent = (fromMs: number) => {
    let count = 0
    for (let nowMs = fromMs; nowMs < fromMs + 1_000; nowMs += 50) {
      const { record } = node.state
      assert.ok(record)
      node.at(nowMs, { type: 'renewed', sentMs: nowMs, outcome: 'confirmed', record })
      count += acts(node.tick(nowMs)).filter((act) => act === 'send FENCE').length
    }
    return count
  }
  assert.equal(sent(3_050), 10)
  for (let nowMs = 4_050; nowMs < 63_000; nowMs += 1_000) sent(nowMs)
  assert.equal(sent(63_050), 0)
})

test('who was handed the role tells nobody to stop', () => {
  const node = LoneNode.active()
  assert.equal(acts(node.tick(250)).includes('send FENCE'), false)
})
