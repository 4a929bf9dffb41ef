import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { Blobs } from '../../../../ha/mirror/pull/blobs.ts'
import { Fetcher, retryMs } from '../../../../ha/mirror/pull/fetcher.ts'
import type { Content } from '../../../../ha/mirror/manifest.ts'
import { silentLog } from '../../../../lib/base/log.ts'
import { TestClock } from '../../../support/clock.ts'
import { sha256Of } from '../../../support/fake-active.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { until } from '../../../support/until.ts'

type Ask = (sha256: string, from: number, signal: AbortSignal) => AsyncIterable<Buffer>

async function fetcherOf(t: TestContext, ask: Ask) {
  const folder = await temporaryFolder(t)
  const blobs = new Blobs(folder, { reserveBytes: 0 })
  const clock = new TestClock()
  const asked: string[] = []
  const counted: Ask = (sha256, from, signal) => {
    asked.push(sha256)
    return ask(sha256, from, signal)
  }
  const fetcher = new Fetcher({ blobs, ask: counted, clock, log: silentLog, onNews: () => {} })
  t.after(() => fetcher.stop())
  const untilIdle = (times: number) =>
    until(() => (asked.length === times && fetcher.problems().length > 0 ? true : undefined))
  return { fetcher, blobs, clock, asked, folder, untilIdle }
}

const contentOf = (bytes: Buffer): Content => ({ sha256: sha256Of(bytes), size: bytes.length })
const large = Buffer.alloc(2_000_000, 1)
const small = Buffer.from('small')

async function* never(signal: AbortSignal): AsyncGenerator<Buffer> {
  yield Buffer.alloc(10, 1)
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut'))))
}
async function* all(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
const failing = (): AsyncIterable<Buffer> => new Readable().destroy(new Error('connection refused'))

test('small contents come while a large one is on its way', async (t) => {
  const { fetcher, blobs } = await fetcherOf(t, (sha256, _, signal) =>
    sha256 === sha256Of(large) ? never(signal) : all(small),
  )
  fetcher.want([contentOf(large), contentOf(small)])
  await until(() => (blobs.has(sha256Of(small)) ? true : undefined))
  assert.equal(blobs.has(sha256Of(large)), false)
})

test('what is not wanted any more is cut off, and its part can be removed', async (t) => {
  const { fetcher, blobs, folder, asked } = await fetcherOf(t, (_, __, signal) => never(signal))
  fetcher.want([contentOf(large)])
  await until(() => (asked.length === 1 ? true : undefined))
  fetcher.want([])
  await until(async () => {
    await blobs.keepOnly(new Set())
    return (await readdir(folder)).length === 0 ? true : undefined
  })
  assert.deepEqual(fetcher.problems(), [])
})

test('a failure is tried again after a pause that doubles, and at once when a person asks', async (t) => {
  const { fetcher, clock, asked, untilIdle } = await fetcherOf(t, () => failing())
  fetcher.want([contentOf(small)])
  await untilIdle(1)
  fetcher.want([contentOf(small)])
  clock.advance(499)
  assert.equal(asked.length, 1)
  clock.advance(1)
  await untilIdle(2)
  fetcher.retryNow()
  await untilIdle(3)
  assert.deepEqual(
    fetcher.problems().map(({ why }) => why),
    ['connection refused'],
  )
})

test('the pause is a minute at most', () => {
  assert.deepEqual([1, 2, 3, 8, 20].map(retryMs), [500, 1_000, 2_000, 60_000, 60_000])
})
