import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyRefuse } from '../../../ha/agent/guards.ts'

const known = { machine: 'm1', uuid: 'u1', clusterId: 'c1', revision: 100 }
const own = { uuid: 'u1', name: 'A' }
const seen = { clusterId: 'c1', revision: 120, uuid: 'u1', holder: { machine: 'm1', address: '10.0.0.1' } }

test('a node goes on where etcd, pair and name are what they were', () => {
  assert.equal(whyRefuse(known, own, seen), undefined)
})

test('a new node believes what it finds, and a new pair is found by nobody', () => {
  const fresh = { machine: 'm1', uuid: '', clusterId: '', revision: 0 }
  assert.equal(whyRefuse(fresh, own, { clusterId: 'c9', revision: 1 }), undefined)
})

test('row 58: a data folder of another pair, or another pair in etcd, is refused', () => {
  assert.match(whyRefuse({ ...known, uuid: 'u2' }, own, seen) ?? '', /data folder belongs to pair u2/)
  assert.match(whyRefuse(known, own, { ...seen, uuid: 'u2' }) ?? '', /etcd knows this pair as u2/)
})

test('row 58: somebody else of our name is refused, an earlier run of ours is not', () => {
  const holder = { machine: 'm2', address: '10.0.0.9' }
  assert.match(
    whyRefuse(known, own, { ...seen, holder }) ?? '',
    /another machine is registered as A \(at 10\.0\.0\.9\)/,
  )
})

test('row 59: another etcd, or one that has gone back in time, is refused', () => {
  assert.match(whyRefuse(known, own, { ...seen, clusterId: 'c2' }) ?? '', /etcd is another one than before/)
  assert.match(
    whyRefuse(known, own, { ...seen, revision: 99 }) ?? '',
    /gone back in time \(revision 99, seen before 100\)/,
  )
})
