import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeMove, unwatched, type Fault, type Health, type Situation } from '../../../ha/role/moves.ts'

const minuteMs = 60_000
const well: Health = { score: 100, faults: {} }
const bad = (...faults: Fault[]): Health => ({
  score: 100 - 30 * faults.length,
  faults: Object.fromEntries(faults.map((fault) => [fault, `${fault} is bad`])),
})
const usual: Situation = {
  nowMs: 0,
  other: 'b',
  own: well,
  others: well,
  isOtherInsync: true,
  movesMs: [],
  preferred: '',
  failbackMinutes: 0,
}

/** What is judged at the end, when each of these was so for so long. */
function after(...phases: [forMs: number, situation: Partial<Situation>][]) {
  let watched = unwatched
  let nowMs = 0
  let last = judgeMove(watched, { ...usual, nowMs })
  for (const [forMs, situation] of phases)
    for (const endMs = nowMs + forMs; nowMs <= endMs; nowMs += 100) {
      last = judgeMove(watched, { ...usual, ...situation, nowMs })
      watched = last.watched
    }
  return last.verdict
}

const stays = (why: string) => ({ yield: false, why }) as const
const yields = (why: string) => ({ yield: true, why }) as const

test('a node that is well stays', () => {
  assert.deepEqual(after([5_000, {}]), stays('all is well here'))
})

test('row 37: a gateway that only this node misses counts after a second', () => {
  const own = bad('gateway')
  assert.deepEqual(after([900, { own }]), stays('gateway is bad: it has not lasted yet'))
  assert.deepEqual(after([1_100, { own }]), yields('gateway is bad'))
})

test('row 38: a gateway that both miss moves nobody', () => {
  const both = bad('gateway')
  assert.deepEqual(after([minuteMs, { own: both, others: both }]), stays('gateway is bad: b is no better'))
})

test('row 35: a cable that is out counts after a second', () => {
  assert.deepEqual(after([1_100, { own: bad('carrier') }]), yields('carrier is bad'))
})

test('row 36: a cable that comes and goes every 200 ms moves nobody', () => {
  const flap: [number, Partial<Situation>][] = [
    [200, { own: bad('carrier') }],
    [200, {}],
  ]
  assert.deepEqual(
    after(...flap, ...flap, ...flap, ...flap, ...flap, [200, { own: bad('carrier') }]),
    stays('carrier is bad: it has not lasted yet'),
  )
})

test('row 41: a full disk and one that cannot be written to count at once', () => {
  for (const fault of ['space', 'disk'] as const)
    assert.deepEqual(after([0, { own: bad(fault) }]), yields(`${fault} is bad`))
})

test('row 43: two full disks move nobody', () => {
  assert.deepEqual(
    after([minuteMs, { own: bad('space'), others: bad('space') }]),
    stays('space is bad: b is no better'),
  )
})

test('row 13: a node cut from etcd hands over after ten seconds to one that reaches it', () => {
  const own = bad('etcd')
  assert.deepEqual(after([9_900, { own }]), stays('etcd is bad: it has not lasted yet'))
  assert.deepEqual(after([10_100, { own }]), yields('etcd is bad'))
})

test('a node that has no time hands over after ten seconds to one that has', () => {
  const own = bad('lag')
  assert.deepEqual(after([9_900, { own }]), stays('lag is bad: it has not lasted yet'))
  assert.deepEqual(after([10_100, { own }]), yields('lag is bad'))
  assert.deepEqual(after([minuteMs, { own, others: own }]), stays('lag is bad: b is no better'))
})

test('row 20: when nobody reaches etcd, nobody moves', () => {
  const own = bad('etcd')
  assert.deepEqual(after([minuteMs, { own, others: own }]), stays('etcd is bad: b is no better'))
})

test('a node that has something else wrong with it is not better', () => {
  assert.deepEqual(
    after([2_000, { own: bad('gateway'), others: bad('disk') }]),
    stays('gateway is bad, but b is no better: disk is bad'),
  )
})

test('of two that suffer from the same, the one with less besides is better', () => {
  assert.deepEqual(
    after([2_000, { own: bad('gateway', 'doors'), others: bad('gateway') }]),
    yields('doors is bad'),
  )
})

test('a node with a lower score is not better, whatever is wrong here', () => {
  assert.deepEqual(
    after([2_000, { own: { ...bad('gateway'), score: 70 }, others: { ...well, score: 60 } }]),
    stays('gateway is bad, but b is no better: its score is 60'),
  )
})

test('a score that is lower by 20 counts after a second, by 19 never', () => {
  const own = { ...well, score: 80 }
  assert.deepEqual(after([900, { own }]), stays('all is well here'))
  assert.deepEqual(after([1_100, { own }]), yields('score 80, and b has 100'))
  assert.deepEqual(after([minuteMs, { own: { ...well, score: 81 } }]), stays('all is well here'))
})

test('a stale node is not handed anything', () => {
  assert.deepEqual(
    after([2_000, { own: bad('disk'), isOtherInsync: false }]),
    stays('disk is bad, but b is stale: acknowledged saves may be missing there'),
  )
})

test('a node that is not heard is not handed anything, and the count begins anew when it is', () => {
  const own = bad('doors')
  assert.deepEqual(after([2_000, { own, others: undefined }]), stays('doors is bad: it has not lasted yet'))
  assert.deepEqual(
    after([2_000, { own, others: undefined }], [900, { own }]),
    stays('doors is bad: it has not lasted yet'),
  )
})

test('after three moves in ten minutes the role stays, and that is said aloud', () => {
  const situation = { own: bad('disk'), movesMs: [-9 * minuteMs, -5 * minuteMs, -minuteMs] }
  assert.deepEqual(after([0, situation]), {
    yield: false,
    why: 'disk is bad, but the role has moved 3 times in 10 minutes; it stays until somebody has looked',
    isLoud: true,
  })
  assert.deepEqual(after([2 * minuteMs, situation]), yields('disk is bad'))
})

test('row 60: the preferred node never gets the role back by itself unless that is set', () => {
  assert.deepEqual(after([60 * minuteMs, { preferred: 'b' }]), stays('all is well here'))
})

test('row 60: with failback the preferred node gets it back once it has been well for so long without a break', () => {
  const situation = { preferred: 'b', failbackMinutes: 5 }
  assert.deepEqual(after([4.9 * minuteMs, situation]), stays('all is well here'))
  assert.deepEqual(
    after([5.1 * minuteMs, situation]),
    yields('b is preferred, and has been well for 5 minutes'),
  )
  assert.deepEqual(
    after([4 * minuteMs, situation], [0, { ...situation, others: undefined }], [4 * minuteMs, situation]),
    stays('all is well here'),
  )
})

test('row 60: failback waits until the preferred node is in sync', () => {
  const situation = { preferred: 'b', failbackMinutes: 5, isOtherInsync: false }
  assert.deepEqual(
    after([6 * minuteMs, situation]),
    stays(
      'b is preferred, and has been well for 5 minutes, but b is stale: acknowledged saves may be missing there',
    ),
  )
})

test('the active node that is preferred does not hand over to the other', () => {
  assert.deepEqual(after([60 * minuteMs, { preferred: 'a', failbackMinutes: 5 }]), stays('all is well here'))
})
