import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry } from '../../../../lib/users/store/file-record.ts'
import {
  beginning,
  entriesLine,
  hashOf,
  headerLine,
  parseSegment,
} from '../../../../lib/users/store/journal-lines.ts'
import { dataOf, phone } from '../../../support/user-store.ts'

function entryOf(seq: number, previous: string): Entry & { record: { op: 'put' } } {
  const record = { seq, at: '2026-11-22T12:00:00.000Z', op: 'put', name: dataOf('4711'), size: seq } as const
  return {
    record: { ...record, hash: 'f'.repeat(64), by: phone, previous },
    look: { ino: seq, mtimeMs: 0.5 },
  }
}

/** Three records: one from before, and two since. */
const first = entryOf(1, 'of a record that is no longer needed')
const second = entryOf(8, 'a'.repeat(64))
const third = entryOf(9, hashOf(second.record))
const header = headerLine({ seq: 7, hash: 'a'.repeat(64), lines: 1 })
const lines = [header, entriesLine([first]), entriesLine([second]), entriesLine([third])]
const segment = Buffer.from(lines.join(''))

test('a whole segment is read back', () => {
  assert.deepEqual(parseSegment(segment), {
    entries: [first, second, third],
    base: { seq: 7, hash: 'a'.repeat(64) },
    batches: [
      { entries: [second], tip: { seq: 8, hash: hashOf(second.record) } },
      { entries: [third], tip: { seq: 9, hash: hashOf(third.record) } },
    ],
    reigns: [],
    tip: { seq: 9, hash: hashOf(third.record) },
    wholeBytes: segment.length,
    damage: undefined,
  })
  assert.deepEqual(parseSegment(Buffer.from(headerLine({ ...beginning, lines: 0 }))).tip, beginning)
})

test('cut at any byte of what was added, it is what came before', () => {
  const ends = [2, 3, 4].map((count) => lines.slice(0, count).join('').length)
  for (let length = ends[0] ?? 0; length <= segment.length; length += 1) {
    const { entries, wholeBytes, damage } = parseSegment(segment.subarray(0, length))
    const whole = ends.filter((end) => end <= length)
    assert.deepEqual([entries.length, wholeBytes, damage], [whole.length, whole.at(-1), undefined])
  }
})

test('a changed bit anywhere is found: in the last line it is cut off, before it is damage', () => {
  // With the end of the line before it, the last one begins one byte earlier.
  const last = segment.length - (lines[3]?.length ?? 0) - 1
  for (let at = 0; at < segment.length - 1; at += 1) {
    const changed = Buffer.from(segment)
    changed[at] = (changed[at] ?? 0) ^ 1
    const { entries, damage } = parseSegment(changed)
    assert.ok(entries.length < 3 || damage !== undefined, `byte ${at} was changed`)
    assert.equal(damage === undefined, at >= last, `byte ${at}`)
  }
})

test('a segment that lost its beginning is damaged', () => {
  assert.match(parseSegment(Buffer.from(lines.slice(1).join(''))).damage ?? '', /line 1/)
  assert.match(parseSegment(Buffer.alloc(0)).damage ?? '', /line 1/)
  assert.match(parseSegment(Buffer.from(header)).damage ?? '', /only 1 of 2 lines/)
})
