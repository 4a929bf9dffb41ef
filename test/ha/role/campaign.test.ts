import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNot } from '../../../ha/role/campaign.ts'
import type { Event, PairRecord } from '../../../ha/role/state.ts'
import {
  acts,
  LoneNode,
  recordOf,
  released,
  renewedTo,
  sentences,
  takes,
  wonBy,
} from '../../support/lone-node.ts'
import { usualTiming } from '../../support/pair-simulation/scene.ts'

const nothing: PairRecord = { revision: 1, onStandby: [] }
const staleHere = recordOf({ insync: { nodes: ['b'], revision: 10 } })
const why = (node: LoneNode) => whyNot(node.state, node.nowMs, usualTiming)
const unknown: Event = { type: 'took', outcome: 'unknown' }
const force: Event = { type: 'force', by: 'alice', why: 'b burns' }

/** Has asked at 100 ms for the role that b released to it. */
function asking() {
  const node = new LoneNode()
  const [campaign] = takes(node.looks(100, released))
  assert.ok(campaign)
  return { node, campaign }
}

test('row 1: a standby takes over once it has seen no change for so long, by the very revisions that it saw', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  assert.deepEqual(takes(node.watches(1_700, recordOf())), [])
  const effects = node.watches(1_750, recordOf())
  const [campaign] = takes(effects)
  assert.deepEqual(
    [campaign?.leaderRevision, campaign?.insyncRevision, campaign?.insync, campaign?.clean],
    [20, 10, ['a'], false],
  )
  assert.deepEqual(sentences(effects), ['asks for the role: b was not heard for 1650 ms'])
})

test('each renewal that is seen begins the watch anew', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  node.watches(1_000, recordOf())
  node.looks(1_040, renewedTo(21))
  assert.deepEqual(takes(node.watches(2_600, renewedTo(21))), [])
  assert.equal(takes(node.watches(2_700, renewedTo(21))).length, 1)
})

test('row 20: a promise begins the watch anew', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  node.watches(1_500, recordOf())
  node.hears(1_520, { type: 'HOLD', epoch: 10, challenge: 'c' })
  assert.deepEqual(takes(node.watches(3_150, recordOf())), [])
  assert.match(why(node) ?? '', /^b is active, by our promise of \d+ ms ago$/)
  assert.equal(takes(node.watches(3_200, recordOf())).length, 1)
})

test('rows 29, 31: where nobody was ever active, it watches first, too', () => {
  const node = new LoneNode()
  node.looks(10, nothing)
  assert.equal(why(node), 'watches first whether another node is active')
  assert.deepEqual(takes(node.watches(1_600, nothing)), [])
  const [campaign] = takes(node.watches(1_700, nothing))
  assert.deepEqual([campaign?.leaderRevision, campaign?.insyncRevision, campaign?.insync], [0, 0, ['a']])
})

test('row 30: a stale node never asks, and says why', () => {
  const node = new LoneNode()
  assert.deepEqual(takes(node.watches(60_000, staleHere)), [])
  assert.equal(why(node), 'stale: acknowledged saves may be missing here, b has them')
})

test('forced, a stale node asks, but no sooner, and says who wanted it', () => {
  const node = new LoneNode()
  node.watches(5_000, staleHere)
  const effects = node.at(5_010, force)
  assert.deepEqual(takes(effects)[0]?.insync, ['a'])
  assert.deepEqual(sentences(effects), ['asks for the role: forced by alice: b burns'])

  const other = new LoneNode()
  other.watches(5_000, staleHere)
  other.looks(5_005, {
    ...staleHere,
    leader: { node: 'b', nonce: 'of b', phase: 'active', revision: 21 },
    revision: 21,
  })
  assert.deepEqual(takes(other.at(5_010, force)), [])
})

test('a forced order is over after 15 s: what it was given for may be over by then', () => {
  const node = new LoneNode()
  node.watches(5_000, staleHere)
  for (let revision = 21, nowMs = 5_000; nowMs < 21_500; nowMs += 500, revision += 1) {
    if (nowMs === 5_500) node.at(nowMs, force)
    const { leader } = renewedTo(revision)
    node.looks(nowMs, { ...staleHere, revision, ...(leader && { leader }) })
    node.tick(nowMs)
  }
  assert.equal(node.state.forced, undefined)
  assert.deepEqual(takes(node.watches(25_000, staleHere)), [])
})

test('row 55: paused, taken out of service, unfit or with an etcd that is silent, a node does not ask, and says why', () => {
  const paused = { by: 'alice', why: 'new switch' }
  const rows: [record: PairRecord, why: string][] = [
    [recordOf({ paused }), 'paused by alice: new switch'],
    [recordOf({ onStandby: ['a'] }), 'taken out of service by an administrator'],
  ]
  for (const [record, expected] of rows) {
    const node = new LoneNode()
    assert.deepEqual(takes(node.watches(5_000, record)), [])
    assert.equal(why(node), expected)
  }
  const unfit = new LoneNode()
  unfit.at(0, { type: 'fitness', unfit: 'its disk is full' })
  assert.deepEqual(takes(unfit.watches(5_000, recordOf())), [])
  assert.equal(why(unfit), 'unfit: its disk is full')
  assert.equal(takes(unfit.at(5_010, { type: 'fitness', unfit: undefined })).length, 1)

  const deaf = new LoneNode()
  assert.equal(why(deaf), 'has not read etcd yet')
  deaf.looks(10, recordOf())
  for (let nowMs = 50; nowMs < 5_000; nowMs += 50) assert.deepEqual(takes(deaf.tick(nowMs)), [])
  assert.equal(why(deaf), 'etcd does not answer')
})

test('what was released is taken at once, with the in-sync set as it is', () => {
  const { campaign } = asking()
  assert.deepEqual([campaign.insync, campaign.clean, campaign.leaderRevision], [['a', 'b'], true, 20])
})

test('row 5: the word of the other node that it has gone is enough, once etcd has been read again', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  assert.deepEqual(acts(node.hears(200, { type: 'RELEASE', epoch: 10 })), ['look'])
  assert.deepEqual(acts(node.looks(210, renewedTo(21))), ['take'])
})

test('row 62: the word that an earlier reign is over is no reason to ask', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  node.hears(200, { type: 'RELEASE', epoch: 9 })
  assert.deepEqual(takes(node.looks(210, recordOf())), [])
})

test('what was released before our promise to a later reign is not free', () => {
  const node = new LoneNode()
  node.looks(100, recordOf())
  node.hears(200, { type: 'HOLD', epoch: 31, challenge: 'c' })
  assert.deepEqual(takes(node.looks(300, { ...released, revision: 21 })), [])
})

test('what is released to the other node is left to it for a second', () => {
  const node = new LoneNode()
  const toOther = recordOf({
    leader: { node: 'a', nonce: 'old', phase: 'released', handTo: 'b', revision: 20 },
  })
  node.looks(100, toOther)
  assert.deepEqual(takes(node.watches(1_050, toOther)), [])
  assert.equal(why(node), 'the role is handed to b')
  assert.equal(takes(node.watches(1_250, toOther)).length, 1)
})

test('row 28: a question without an answer is asked again after 60 ms, word for word', () => {
  const { node, campaign } = asking()
  assert.deepEqual(takes(node.tick(160)), []) // it may still be answered
  node.at(170, unknown)
  const [again] = takes(node.tick(180))
  node.at(190, unknown)
  assert.deepEqual(takes(node.tick(239)), [])
  assert.equal(takes(node.tick(240)).length, 1)
  assert.ok(again)
  assert.deepEqual(
    [again.nonce, again.firstMs, again.leaderRevision, again.insyncRevision, again.insync],
    [campaign.nonce, 100, campaign.leaderRevision, campaign.insyncRevision, campaign.insync],
  )
})

test('row 28: a node recognises its own win, however it comes to read of it', () => {
  const ways: ((record: PairRecord) => Event)[] = [
    (record) => ({ type: 'looked', record }),
    (record) => ({ type: 'took', outcome: 'refused', record }),
  ]
  for (const way of ways) {
    const { node, campaign } = asking()
    node.at(350, unknown)
    node.at(400, way(wonBy(campaign)))
    assert.equal(node.state.role.name, 'active')
    assert.equal(node.state.bet, undefined)
  }
})

test('row 29: who is refused watches on, and says who has it', () => {
  const { node } = asking()
  const record = renewedTo(31, { term: { node: 'b', nonce: 'again', epoch: 31 } })
  const effects = node.at(150, { type: 'took', outcome: 'refused', record })
  assert.deepEqual(sentences(effects), ['was refused the role: b has it, or the record changed'])
  assert.deepEqual([node.state.role.name, node.state.bet], ['standby', undefined])
})

test('a refusal without a reason is the answer to an earlier question, and changes nothing', () => {
  const { node } = asking()
  node.at(150, { type: 'took', outcome: 'refused', record: released })
  assert.deepEqual([node.state.role.name, node.state.bet], ['campaign', 20])
})

test('refused for a pause, it still bets as long as an earlier question may come true', () => {
  const { node } = asking()
  node.at(350, unknown)
  const record = { ...released, revision: 21, paused: { by: 'alice', why: 'x' } }
  node.at(360, { type: 'took', outcome: 'refused', record })
  assert.deepEqual([node.state.role.name, node.state.bet], ['standby', 20])
  node.looks(400, renewedTo(22))
  assert.equal(node.state.bet, undefined)
})
