import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Upkeep } from '../../../ha/replica/upkeep.ts'
import { makePacer } from '../../../ha/replica/pacer.ts'
import { TestClock } from '../../support/clock.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { openTwin } from '../../support/twins.ts'
import { until } from '../../support/until.ts'
import { allVersions, dataOf, save } from '../../support/user-store.ts'

const name = dataOf('4711')
const minuteMs = 60_000

async function open(t: TestContext, epoch?: number) {
  const clock = new TestClock()
  const { store, folder, alarms } = await openTwin(t, { clock, ...(epoch === undefined ? {} : { epoch }) })
  const kept = new Map<number, Buffer>()
  const { log } = recordingLog()
  const exchange = { ask: async ({ seq }: { seq: number }) => kept.get(seq) }
  const upkeep = new Upkeep({
    twin: store.twin,
    clock,
    log,
    alarms,
    random: () => 0.5,
    exchange: () => exchange,
  })
  const stopping = new AbortController()
  const looking = upkeep.keepLooking(stopping.signal)
  t.after(async () => {
    stopping.abort()
    await looking
  })
  /** Time goes on, and what waited for it gets its turn. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += minuteMs) {
      clock.advance(minuteMs)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  return { store, folder, alarms, upkeep, kept, pass }
}

test('each minute what was changed by hand is taken in on the active node, and told of on the other', async (t) => {
  const [a, b] = [await open(t, 1), await open(t)]
  for (const { folder, pass } of [a, b]) {
    writeFileSync(join(folder, 'FTPdata', name), 'by hand')
    await pass(minuteMs)
  }
  await until(() => a.store.files()[0])
  await until(() => b.store.twin.drift.list()[0])
  assert.deepEqual(b.store.files(), [])
})

test('once a day everything is read, and what is damaged is mended as soon as the other node can', async (t) => {
  const { store, folder, alarms, upkeep, kept, pass } = await open(t, 1)
  for (const content of ['first', 'second']) await save(store, name, content)
  rmSync(join(folder, '.state/versions/1'))
  await pass(13 * 60 * minuteMs)
  await until(() => upkeep.damaged[0])
  assert.match(alarms.list()[0]?.text ?? '', /could not mend them yet, among them version 1 of/)
  kept.set(1, Buffer.from('first'))
  await pass(2 * minuteMs)
  await until(() => (upkeep.damaged.length === 0 ? true : undefined))
  assert.deepEqual(alarms.list(), [])
  assert.deepEqual(await allVersions(store, name), ['second', 'first'])
})

test('contents that are fetched keep to their bandwidth', async () => {
  const clock = new TestClock()
  const pace = makePacer(8, clock, new AbortController().signal) // a megabyte a second
  let sent = 0
  const sending = (async () => {
    for (; sent < 2_000_000; sent += 50_000) await pace(50_000)
  })()
  for (let ms = 0; ms < 1_000; ms += 10) {
    clock.advance(10)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(sent > 900_000 && sent < 1_300_000, `${sent} bytes in a second`)
  for (let ms = 0; ms < 1_500; ms += 10) {
    clock.advance(10)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await sending
})
