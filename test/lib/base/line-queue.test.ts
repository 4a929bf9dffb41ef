import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineQueue, type LineQueueOptions } from '../../../lib/base/line-queue.ts'

/** A queue into a place that answers when told to, and the diary of both. */
function slowPlace(options: Partial<LineQueueOptions> = {}) {
  const diary: string[] = []
  const open: { resolve: () => void; reject: (error: Error) => void }[] = []
  const queue = new LineQueue({
    write(block) {
      diary.push(block)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      open.push({ resolve, reject })
      return promise
    },
    onBroken: (error) => diary.push(`broken: ${error instanceof Error ? error.message : String(error)}`),
    onMended: (lostLines) => diary.push(`mended: ${lostLines} lost`),
    retryMs: 0,
    ...options,
  })
  const turn = () => new Promise(setImmediate)
  return {
    queue,
    diary,
    answer: async () => {
      open.shift()?.resolve()
      await turn()
    },
    fail: async (message: string) => {
      open.shift()?.reject(new Error(message))
      await turn()
    },
  }
}

test('the first line goes out at once, and those that come meanwhile go together', async () => {
  const { queue, diary, answer } = slowPlace()
  for (const line of ['a\n', 'b\n', 'c\n']) queue.add(line)
  assert.deepEqual(diary, ['a\n'])
  await answer()
  assert.deepEqual(diary, ['a\n', 'b\nc\n'])
})

test('a block is not longer than asked for, unless one line is', async () => {
  const { queue, diary, answer } = slowPlace({ blockLength: 4 })
  for (const line of ['a\n', 'b\n', 'c\n', 'longer\n', 'd\n']) queue.add(line)
  for (let block = 0; block < 4; block += 1) await answer()
  assert.deepEqual(diary, ['a\n', 'b\nc\n', 'longer\n', 'd\n'])
})

test('it is drained when the last line was written', async () => {
  const { queue, answer } = slowPlace()
  await queue.drained()
  queue.add('a\n')
  queue.add('b\n')
  let isDrained = false
  const drained = queue.drained().then(() => (isDrained = true))
  await answer()
  assert.equal(isDrained, false)
  await answer()
  await drained
})

test('lines of a failed write are lost, which is told once; the next ones are tried, after the half line', async () => {
  const { queue, diary, fail, answer } = slowPlace()
  queue.add('a\n')
  queue.add('b\nb\n')
  await fail('disk full')
  await fail('disk still full')
  queue.add('c\n')
  await answer()
  queue.add('d\n')
  await answer()
  assert.deepEqual(diary, ['a\n', 'broken: disk full', '\nb\nb\n', '\nc\n', 'mended: 3 lost', 'd\n'])
})

test('a place that failed is left alone for a while; its lines are lost and counted', async () => {
  const { queue, diary, fail } = slowPlace({ retryMs: 60_000 })
  queue.add('a\n')
  await fail('disk full')
  queue.add('b\n')
  await queue.drained()
  assert.deepEqual(diary, ['a\n', 'broken: disk full'])
})

test('a place that does not answer costs the newest lines, not memory without end', async () => {
  const { queue, diary, answer } = slowPlace()
  const megabyte = `${'x'.repeat(1_048_575)}\n`
  for (let number = 0; number < 40; number += 1) queue.add(megabyte)
  for (let number = 0; number < 32; number += 1) await answer()
  await queue.drained()
  assert.deepEqual(
    diary.filter((entry) => entry !== megabyte),
    ['broken: it does not answer', 'mended: 8 lost'],
  )
})

test('what it tells may add lines of its own', async () => {
  const written: string[] = []
  let failing = true
  const queue: LineQueue = new LineQueue({
    async write(block) {
      if (failing) throw new Error('disk full')
      written.push(block)
    },
    onBroken: () => queue.add('broken\n'),
    onMended: (lostLines) => queue.add(`${lostLines} lost\n`),
    retryMs: 0,
  })
  queue.add('a\n')
  await queue.drained()
  failing = false
  queue.add('b\n')
  await queue.drained()
  assert.deepEqual(written, ['\nb\n', '2 lost\n'])
})

test('what waits can be taken out, for who must write it at once', async () => {
  const { queue, diary, answer } = slowPlace()
  for (const line of ['a\n', 'b\n', 'c\n']) queue.add(line)
  assert.equal(queue.takeAll(), 'b\nc\n')
  assert.equal(queue.takeAll(), '')
  await answer()
  await queue.drained()
  assert.deepEqual(diary, ['a\n'])
})
