import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from '../../../../lib/users/store/recent.ts'

const tipAt = (seq: number) => ({ seq, hash: `hash of ${seq}` })
const batchAt = (seq: number) => ({ entries: [], tip: tipAt(seq) })

function recentWith(most: number, seqs: readonly number[]) {
  let told = 0
  const recent = new Recent(most, tipAt(0))
  recent.onSettled(() => (told += 1))
  for (const seq of seqs) recent.add(batchAt(seq), true)
  const after = (seq: number) => recent.after(tipAt(seq))?.map(({ tip }) => tip.seq)
  return { recent, after, told: () => told }
}

test('whoever has one of the records gets what came after it', () => {
  const { after } = recentWith(10, [1, 3, 4])
  assert.deepEqual([after(0), after(1), after(3), after(4)], [[1, 3, 4], [3, 4], [4], []])
})

test('a record that is not known, within a batch, or of another past gets nothing', () => {
  const { recent, after } = recentWith(10, [1, 3, 4])
  assert.deepEqual([after(2), after(5)], [undefined, undefined])
  assert.equal(recent.after({ seq: 3, hash: 'other' }), undefined)
})

test('what is not complete is not given away, nor is what came after it', () => {
  const { recent, after, told } = recentWith(10, [1])
  recent.add(batchAt(2), false)
  recent.add(batchAt(3), false)
  recent.settle(3)
  assert.deepEqual([after(0), recent.settledTip.seq, told()], [[1], 1, 1])
  recent.settle(2)
  assert.deepEqual([after(0), recent.settledTip.seq, told()], [[1, 2, 3], 3, 2])
})

test('only so many are kept, and never fewer', () => {
  const seqs = Array.from({ length: 1_000 }, (_, index) => index + 1)
  const { after } = recentWith(100, seqs)
  assert.deepEqual(after(900)?.length, 100)
  assert.equal(after(700), undefined)
  assert.equal(after(999)?.length, 1)
})

test('what is not complete is kept however much there is', () => {
  const { recent, after } = recentWith(10, [])
  recent.add(batchAt(1), false)
  for (let seq = 2; seq <= 100; seq += 1) recent.add(batchAt(seq), true)
  recent.settle(1)
  assert.equal(after(0)?.length, 100)
})

test('a store that nobody follows keeps none', () => {
  const { recent, after } = recentWith(0, [1, 2])
  assert.deepEqual([after(1), after(2), recent.settledTip.seq], [undefined, [], 2])
})

test('anew, it knows what was before and what came since', () => {
  const { recent, after } = recentWith(10, [1, 2])
  recent.restart(tipAt(50), [batchAt(51)])
  assert.deepEqual([after(1), after(50), after(51)], [undefined, [51], []])
})
