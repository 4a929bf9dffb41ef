import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonSeq, withReign, type Reign } from '../../../../lib/users/store/reigns.ts'

const tipAt = (seq: number, of = 'ours') => ({ seq, hash: `${seq} ${of}` })
const reigns: Reign[] = [
  { epoch: 3, after: tipAt(0) },
  { epoch: 5, after: tipAt(10) },
  { epoch: 9, after: tipAt(20) },
]
const ours = tipAt(30)
const common = (tip: { seq: number; hash: string }, epoch: number | undefined) =>
  commonSeq(reigns, ours, { tip, epoch })

test('a journal of an earlier reign has what ours has up to the end of that reign', () => {
  assert.equal(common(tipAt(14, 'theirs'), 3), 10)
  assert.equal(common(tipAt(25, 'theirs'), 5), 20)
  assert.equal(common(tipAt(25, 'theirs'), 7), 20)
})

test('a journal that only lags behind has nothing of its own', () => {
  assert.equal(common(tipAt(8), 3), 8)
  assert.equal(common(tipAt(25), 9), 25)
  assert.equal(common(tipAt(30), 9), 30)
})

test('a journal of this reign that is longer than ours has the rest alone', () => {
  assert.equal(common(tipAt(33, 'theirs'), 9), 30)
})

test('a journal that ends where ours does, with another record, has another past', () => {
  assert.equal(common(tipAt(30, 'theirs'), 9), 0)
  assert.equal(common(tipAt(10, 'theirs'), 3), 0)
})

test('a journal that never was one of two has another past, unless it is the same', () => {
  assert.equal(common(tipAt(12, 'theirs'), undefined), 0)
  assert.equal(common(tipAt(30), undefined), 30)
})

test('reigns that were forgotten tell nothing', () => {
  let many: readonly Reign[] = []
  for (let epoch = 1; epoch <= 500; epoch += 1) many = withReign(many, { epoch, after: tipAt(epoch) })
  assert.ok(many.length <= 200)
  const at = { tip: tipAt(100, 'theirs'), epoch: 90 }
  assert.equal(commonSeq(many, tipAt(600), at), 0)
})

test('a reign is counted once, and none begins before the last one', () => {
  const [first] = reigns
  assert.ok(first)
  assert.deepEqual(withReign(reigns, { epoch: 9, after: tipAt(25) }), reigns)
  assert.deepEqual(withReign(reigns, { epoch: 4, after: tipAt(25) }), reigns)
  assert.equal(withReign(reigns, { epoch: 10, after: tipAt(25) }).length, 4)
})
