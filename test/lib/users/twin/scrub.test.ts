import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { systemClock } from '../../../../lib/base/clock.ts'
import { openTwin } from '../../../support/twins.ts'
import { allVersions, dataOf, save } from '../../../support/user-store.ts'

const name = dataOf('4711')
const always = new AbortController().signal

async function withVersions(t: Parameters<typeof openTwin>[0]) {
  const open = await openTwin(t, { epoch: 1, clock: systemClock })
  for (const content of ['first', 'second', 'third']) await save(open.store, name, content)
  const version = (seq: number) => join(open.folder, '.state/versions', String(seq))
  return { ...open, version, standing: join(open.folder, 'FTPdata', name) }
}

test('whole content is not damaged', async (t) => {
  const { store } = await withVersions(t)
  assert.deepEqual(await store.twin.scrub.run(always), [])
})

test('a version that is not what was stored, or is gone, is found and mended', async (t) => {
  const { store, version } = await withVersions(t)
  writeFileSync(version(1), 'spoilt')
  rmSync(version(2))
  const damaged = await store.twin.scrub.run(always)
  assert.deepEqual(
    damaged.map(({ seq, found }) => [seq, found === undefined]),
    [
      [1, false],
      [2, true],
    ],
  )
  const [first, second] = damaged
  assert.ok(first && second)
  assert.equal(await store.twin.scrub.repair(first, Buffer.from('first')), true)
  assert.equal(await store.twin.scrub.repair(second, Buffer.from('second')), true)
  assert.deepEqual(await allVersions(store, name), ['third', 'second', 'first'])
  assert.equal(await store.twin.scrub.repair(first, Buffer.from('first')), false, 'it is whole')
})

test('wrong content mends nothing', async (t) => {
  const { store, version } = await withVersions(t)
  rmSync(version(1))
  const [damaged] = await store.twin.scrub.run(always)
  assert.ok(damaged)
  await assert.rejects(store.twin.scrub.repair(damaged, Buffer.from('other')), /is not its content/)
})

test('what stands is damaged when nobody wrote into it, and somebody’s doing when somebody did', async (t) => {
  const { store, standing } = await withVersions(t)
  await execa('touch', ['-r', standing, `${standing}.date`])
  writeFileSync(standing, 'thirD')
  assert.deepEqual(await store.twin.scrub.run(always), [])
  await execa('touch', ['-r', `${standing}.date`, standing])
  rmSync(`${standing}.date`)
  const [damaged] = await store.twin.scrub.run(always)
  assert.equal(damaged?.seq, 3)
  assert.equal(await store.twin.scrub.repair(damaged, Buffer.from('third')), true)
  assert.equal(readFileSync(standing, 'utf8'), 'third')
  assert.deepEqual(await store.twin.scrub.run(always), [])
})

test('what a store lacks when it starts is known at once', async (t) => {
  const { folder, version, stop } = await withVersions(t)
  await stop()
  rmSync(version(2))
  const { store } = await openTwin(t, { dataFolder: folder })
  assert.deepEqual(
    store.twin.missing.map(({ seq }) => seq),
    [2],
  )
  assert.equal(store.versions(name).length, 3, 'the other node may have it')
})

test('reading everything ends when it is asked to', async (t) => {
  const { store } = await withVersions(t)
  await assert.rejects(store.twin.scrub.run(AbortSignal.abort(new Error('enough'))), /enough/)
})
