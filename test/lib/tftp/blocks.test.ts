import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FileChanged } from '../../../lib/files/stored-file.ts'
import { memoryBlocks, StreamedBlocks, type Blocks } from '../../../lib/tftp/blocks.ts'
import { PiecewiseFile } from '../../support/http.ts'
import { seededBytes } from '../../support/random.ts'

/** Reads all blocks in order, as far as they are at hand, acknowledging each; returns what they hold. */
async function readAll(blocks: Blocks, size: number, blockSize: number): Promise<Buffer> {
  const last = Math.floor(size / blockSize) + 1
  const pieces: Buffer[] = []
  for (let block = 1; block <= last; block += 1) {
    for (let turns = 0; block > blocks.ready; turns += 1) {
      assert.ok(turns < 1_000, `block ${block} never came`)
      await turn()
    }
    pieces.push(Buffer.from(blocks.block(block)))
    blocks.acknowledged(Math.min(size, block * blockSize))
  }
  for (const piece of pieces.slice(0, -1)) assert.equal(piece.length, blockSize)
  assert.equal(pieces.at(-1)?.length, size % blockSize)
  return Buffer.concat(pieces)
}

const options = (blockSize: number, windowSize = 1) => ({
  blockSize,
  windowSize,
  onReady: () => {},
  onFault: (error: unknown) => {
    throw error
  },
})

test('d25: a file in memory is cut into blocks, of which the last is short or empty', async () => {
  for (const size of [0, 1, 511, 512, 513, 1_024]) {
    const content = seededBytes(size)
    assert.deepEqual(await readAll(memoryBlocks(content, 512), size, 512), content)
  }
})

test('d25: a file read from disk is cut the same way, also where chunks end', async () => {
  for (const blockSize of [8, 512, 1_000, 1_428, 65_464]) {
    for (const size of [0, 1, blockSize, 262_144, 300_000, blockSize * 100]) {
      const content = seededBytes(size)
      const file = new PiecewiseFile('f', size, async (at, length) => content.subarray(at, at + length))
      const blocks = await StreamedBlocks.open(file, options(blockSize))
      assert.deepEqual(await readAll(blocks, size, blockSize), content)
      await blocks.close()
      assert.equal(file.closed, 1)
    }
  }
})

test('only a chunk and a window are read ahead of what the phone has, and what it has is let go', async () => {
  const size = 100 * 1_024 * 1_024
  let read = 0
  const file = new PiecewiseFile('f', size, async (_at, length) => {
    read += length
    return Buffer.alloc(length)
  })
  const blocks = await StreamedBlocks.open(file, options(1_024, 64))
  for (let acked = 0; acked <= size / 2; acked += 64 * 1_024) {
    blocks.acknowledged(acked)
    await turn()
    assert.ok(read <= acked + 3 * 256 * 1_024, `${read - acked} bytes ahead`)
  }
  assert.equal(blocks.block(1).length, 0) // let go
  await blocks.close()
})

test('a block is still there while it is not acknowledged', async () => {
  const content = seededBytes(1_000_000)
  const file = new PiecewiseFile('f', content.length, async (at, length) => content.subarray(at, at + length))
  const blocks = await StreamedBlocks.open(file, options(1_000, 500))
  blocks.acknowledged(250_000)
  for (let turns = 0; turns < 20; turns += 1) await turn()
  assert.ok(blocks.ready >= 750)
  for (let block = 251; block <= 750; block += 1) {
    assert.deepEqual(Buffer.from(blocks.block(block)), content.subarray((block - 1) * 1_000, block * 1_000))
  }
  await blocks.close()
})

test('d12: a file that changes while it is sent, or is shorter than it was, is a fault', async () => {
  for (const read of [
    (at: number) =>
      at === 0 ? Promise.resolve(Buffer.alloc(262_144)) : Promise.reject(new FileChanged('f')),
    (at: number) => Promise.resolve(Buffer.alloc(at === 0 ? 262_144 : 7)),
  ]) {
    const fault = Promise.withResolvers<unknown>()
    const file = new PiecewiseFile('f', 1_000_000, read)
    const blocks = await StreamedBlocks.open(file, { ...options(512), onFault: fault.resolve })
    blocks.acknowledged(512)
    assert.ok((await fault.promise) instanceof FileChanged)
    await blocks.close()
    assert.equal(file.closed, 1)
  }
})

test('a file whose beginning cannot be read is closed, and the error is told', async () => {
  const file = new PiecewiseFile('f', 1_000, () => Promise.reject(new Error('EIO')))
  await assert.rejects(StreamedBlocks.open(file, options(512)), /EIO/)
  assert.equal(file.closed, 1)
})

test('a file that is closed while a chunk is read stays open until the chunk is there, and nothing more is told', async () => {
  const chunk = Promise.withResolvers<Buffer>()
  let told = 0
  const file = new PiecewiseFile('f', 1_000_000, (at, length) =>
    at === 0 ? Promise.resolve(Buffer.alloc(length)) : chunk.promise,
  )
  const blocks = await StreamedBlocks.open(file, { ...options(512), onReady: () => (told += 1) })
  blocks.acknowledged(512)
  const closing = blocks.close()
  await turn()
  assert.equal(file.closed, 0)
  chunk.resolve(Buffer.alloc(262_144))
  await closing
  assert.equal(file.closed, 1)
  assert.equal(told, 0)
})
