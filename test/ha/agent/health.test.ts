import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Health, type Facts, type HealthSettings } from '../../../ha/agent/health.ts'
import { Lateness } from '../../../ha/agent/lateness.ts'
import { systemClock } from '../../../lib/base/clock.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { until } from '../../support/until.ts'

/** @returns what the first look of a node finds that is well but for what is given */
async function firstLook(
  t: TestContext,
  settings: Partial<HealthSettings> = {},
  { doors, lateMs = 0 }: { doors?: string; lateMs?: number } = {},
): Promise<Facts> {
  const folder = await temporaryFolder(t)
  let found: Facts | undefined
  const health = new Health(
    { folder, interface: 'lo', targets: [], freeMb: 0, ...settings },
    {
      clock: systemClock,
      doors: async () => doors,
      lateMs: () => lateMs,
      onFacts: (facts) => (found = facts),
    },
  )
  await health.start(() => assert.fail('it ended'))
  t.after(() => health.stop())
  const { freeMb, ...faults } = await until(() => found)
  assert.ok((freeMb ?? 0) > 0)
  return faults
}

test('a node that is well has no faults', async (t) => {
  assert.deepEqual(await firstLook(t), {})
  assert.deepEqual(await firstLook(t, { targets: ['127.0.0.1'] }), {})
})

test('doors that do not do their work are a fault, in the words of who found it', async (t) => {
  assert.deepEqual(await firstLook(t, {}, { doors: 'tftp 69: no answer' }), { doors: 'tftp 69: no answer' })
})

test('a folder where nothing can be written is a fault', async (t) => {
  const file = join(await temporaryFolder(t), 'file')
  writeFileSync(file, '')
  const { disk } = await firstLook(t, { folder: file })
  assert.match(disk ?? '', /^nothing can be written below .*ENOTDIR/)
})

test('less space than the settings want is a fault', async (t) => {
  assert.match(
    (await firstLook(t, { freeMb: 1e9 })).space ?? '',
    /MiB left for data, and pair.freeMb is 1000000000/,
  )
})

test('an interface without a link is a fault, and so is one that is not there', async (t) => {
  assert.deepEqual(await firstLook(t, { interface: 'none0' }), { carrier: 'no link on none0' })
})

test('a gateway that does not answer is a fault, unless another target does', async (t) => {
  const nobody = '127.0.0.300' // no address at all
  assert.deepEqual(await firstLook(t, { targets: [nobody] }), { gateway: `${nobody} cannot be reached` })
  assert.deepEqual(await firstLook(t, { targets: [nobody, '127.0.0.1'] }), {})
})

test('timers that fire late are a fault', async (t) => {
  assert.deepEqual(await firstLook(t, {}, { lateMs: 300 }), {})
  assert.deepEqual(await firstLook(t, {}, { lateMs: 301 }), {
    lag: 'this machine has no time: timers fire up to 301 ms late',
  })
})

test('how late timers fire is measured from one look to the next', async () => {
  const lateness = new Lateness()
  await systemClock.sleep(60)
  const end = performance.now() + 400
  while (performance.now() < end); // nothing else runs
  await systemClock.sleep(60)
  assert.ok(lateness.take() > 300)
  assert.ok(lateness.take() < 300)
})
