import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameReader, frameOf, pieceBytes } from '../../../ha/replica/frames.ts'
import { parseMessage } from '../../../ha/replica/messages.ts'
import { Pieces } from '../../../ha/replica/pieces.ts'
import { seededBytes, seededRandom } from '../../support/random.ts'

const frames = [
  { header: { type: 'ping' }, body: Buffer.alloc(0) },
  { header: { type: 'batch', entries: [{ name: 'ä' }], bodies: [] }, body: Buffer.from('body') },
  { header: { type: 'piece', of: 0 }, body: seededBytes(pieceBytes) },
]
const bytes = Buffer.concat(frames.map(({ header, body }) => frameOf(header, body)))

test('frames come out as they went in, however they are cut', () => {
  const random = seededRandom(1)
  for (let round = 0; round < 50; round += 1) {
    const reader = new FrameReader()
    const read = []
    for (let at = 0; at < bytes.length;) {
      const to = at + 1 + Math.floor(random() * (round < 5 ? 9 : 30_000))
      read.push(...reader.read(bytes.subarray(at, to)))
      at = to
    }
    assert.deepEqual(read, frames)
    assert.equal(reader.broken, undefined)
  }
})

test('whatever comes, nothing is thrown, and nothing comes after what is broken', () => {
  const random = seededRandom(2)
  for (let round = 0; round < 2_000; round += 1) {
    const hostile = Buffer.from(bytes.subarray(0, 300))
    for (let change = 0; change < 4; change += 1)
      hostile[Math.floor(random() * hostile.length)] = random() * 256
    const reader = new FrameReader()
    for (const { header } of reader.read(hostile)) parseMessage(header)
    if (reader.broken !== undefined) assert.deepEqual([...reader.read(bytes)], [])
  }
})

test('a frame that is too long is broken before it has come', () => {
  const reader = new FrameReader()
  assert.deepEqual([...reader.read(Buffer.from('0000000100010001', 'hex'))], [])
  assert.match(reader.broken ?? '', /too long/)
  assert.throws(() => frameOf({ text: 'x'.repeat(5_000_000) }), /too long/)
})

test('what is no message is none', () => {
  const tip = { seq: 1, hash: 'a'.repeat(64) }
  assert.ok(parseMessage({ type: 'start', tip }))
  for (const header of [
    null,
    'ping',
    [],
    {},
    { type: 'toString' },
    { type: '__proto__' },
    { type: 'start' },
    { type: 'start', tip: { ...tip, seq: -1 } },
    { type: 'start', tip: { ...tip, hash: 'A'.repeat(64) } },
    { type: 'ack', seq: '1' },
    { type: 'ack', seq: 2 ** 60 },
    { type: 'batch', entries: [], bodies: [{ seq: 1 }] },
    { type: 'bye', why: 'x'.repeat(2_000) },
  ])
    assert.equal(parseMessage(header), undefined, JSON.stringify(header))
})

test('pieces make a whole, and no more than was said', () => {
  const pieces = new Pieces(5)
  for (const piece of ['ab', '', 'cde']) pieces.add(Buffer.from(piece))
  assert.equal(pieces.isWhole, true)
  assert.equal(pieces.content().toString(), 'abcde')
  assert.throws(() => pieces.add(Buffer.from('f')), /longer than was said/)
})
