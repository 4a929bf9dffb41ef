import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptAtHand, surplusOf } from '../../../../lib/users/store/histories.ts'
import type { FileRecord } from '../../../../lib/users/store/user-store.ts'
import { dataOf, phone } from '../../../support/user-store.ts'

const put = (seq: number, size = 1, shrankFrom?: number): FileRecord => ({
  seq,
  at: '2026-11-22T12:00:00.000Z',
  op: 'put',
  name: dataOf('4711'),
  size,
  hash: '',
  by: phone,
  previous: '',
  ...(shrankFrom === undefined ? {} : { shrankFrom }),
})
const deletion = (seq: number): FileRecord => ({ ...put(seq), op: 'delete' })
const surplus = (records: FileRecord[], versions: number) =>
  surplusOf(records, versions).map(({ seq }) => seq)

test('the oldest versions go first', () => {
  assert.deepEqual(surplus([put(1), put(2), put(3)], 2), [1])
})

test('deletions do not count, and go with the versions before them', () => {
  assert.deepEqual(surplus([put(1), deletion(2), put(3), put(4)], 2), [1, 2])
  assert.deepEqual(surplus([put(1), deletion(2), put(3)], 2), [])
})

test('the deletion of a deleted file stays', () => {
  assert.deepEqual(surplus([put(1), put(2), deletion(3)], 1), [1])
  assert.deepEqual(surplus([deletion(3)], 1), [])
})

test('the version kept at hand does not count and does not go', () => {
  assert.deepEqual(surplus([put(1, 100), put(2, 10, 1), put(3, 11, 1), put(4, 12, 1)], 2), [2])
})

test('a backup that shrinks by more than the share keeps the one before at hand', () => {
  assert.equal(keptAtHand([put(1, 100)], 49, 50), 1)
  assert.equal(keptAtHand([put(1, 100)], 50, 50), undefined)
  assert.equal(keptAtHand([], 50, 50), undefined)
  assert.equal(keptAtHand([put(1, 100)], 0, 100), undefined)
})

test('it stays at hand until a backup is as large again, or shrinks once more', () => {
  const records = [put(1, 100), put(2, 40, 1)]
  assert.equal(keptAtHand(records, 99, 50), 1)
  assert.equal(keptAtHand(records, 100, 50), undefined)
  assert.equal(keptAtHand(records, 10, 50), 2)
})

test('what shrank is compared with what was deleted before it, too', () => {
  assert.equal(keptAtHand([put(1, 100), deletion(2)], 10, 50), 1)
})
