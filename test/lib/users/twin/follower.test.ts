import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { refusedAs } from '../../../support/refused.ts'
import { copyAll, openTwin } from '../../../support/twins.ts'
import {
  allVersions,
  contentOf,
  dataOf,
  keptOf,
  phone,
  save,
  stagingOf,
} from '../../../support/user-store.ts'

const name = dataOf('4711')
const other = dataOf('4712')
const boot = parseFileName('00040d123456/00040d123456-boot.log')

test('a follower has every version, in the same chain, also after a restart', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 7 }), await openTwin(t)]
  for (const content of ['1', '2', '3']) await save(a.store, name, content)
  await save(a.store, boot, 'booted')
  await a.store.remove(name, phone)
  await save(a.store, other, 'x')
  await a.store.rename(other, name, phone)
  await copyAll(a.store, b.store)
  const check = async (store: typeof b.store) => {
    assert.deepEqual(store.twin.tip, a.store.twin.tip)
    assert.deepEqual(store.twin.root(), a.store.twin.root())
    for (const each of [name, other, boot]) {
      assert.deepEqual(store.versions(each), a.store.versions(each))
      assert.deepEqual(await allVersions(store, each), await allVersions(a.store, each))
    }
  }
  await check(b.store)
  assert.deepEqual(keptOf(b.folder), keptOf(a.folder))
  assert.deepEqual(stagingOf(b.folder), [])
  await b.stop()
  const again = await openTwin(t, { dataFolder: b.folder })
  await check(again.store)
  assert.deepEqual([again.logged, again.alarms.list()], [[], []])
})

test('each record tells the epoch it happened in, and a lone store tells none', async (t) => {
  const a = await openTwin(t, { epoch: 7 })
  await save(a.store, name, '1')
  await a.store.twin.lead(9)
  await save(a.store, name, '2')
  assert.deepEqual(
    a.store.versions(name).map(({ epoch }) => epoch),
    [9, 7],
  )
  assert.equal(a.store.twin.epoch, 9)
})

test('a store that follows, or does not know yet, changes nothing by itself', async (t) => {
  const b = await openTwin(t)
  writeFileSync(join(b.folder, 'FTPdata', name), 'by hand')
  await assert.rejects(save(b.store, other, 'x'), refusedAs('notActive'))
  await assert.rejects(b.store.remove(name, phone), refusedAs('notActive'))
  await assert.rejects(b.store.takeIn(name), refusedAs('notActive'))
  await b.store.twin.drift.look()
  assert.deepEqual(b.store.twin.drift.list(), [{ name, what: 'added' }])
  assert.equal(await contentOf(b.store, name), 'by hand')
  await b.stop()
  const again = await openTwin(t, { dataFolder: b.folder })
  assert.deepEqual([again.store.files(), again.store.twin.tip.seq], [[], 0])
})

test('what was changed by hand on a follower is taken in once it leads', async (t) => {
  const b = await openTwin(t)
  writeFileSync(join(b.folder, 'FTPdata', name), 'by hand')
  await b.store.twin.lead(3)
  await b.store.twin.ended()
  assert.deepEqual(
    b.store.files().map((record) => [record.name, record.by.why, record.epoch]),
    [[name, 'found on disk', 3]],
  )
})

test('a batch that does not follow, or comes with other content, is refused, and what is there stays', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  for (const content of ['1', '2']) await save(a.store, name, content)
  const [first, second] = a.store.twin.after({ seq: 0, hash: '0'.repeat(64) }) ?? []
  assert.ok(first && second)
  await assert.rejects(
    b.store.twin.follow(second.entries, new Map([[2, Buffer.from('2')]])),
    /record 2 does not follow record 0/,
  )
  await assert.rejects(
    b.store.twin.follow(first.entries, new Map([[1, Buffer.from('X')]])),
    /content of record 1 .* is not what its record says/,
  )
  const [entry] = first.entries
  assert.ok(entry?.record.op === 'put')
  const forged = [{ record: { ...entry.record, previous: 'f'.repeat(64) } }]
  await assert.rejects(b.store.twin.follow(forged, new Map([[1, Buffer.from('1')]])), /does not follow/)
  assert.deepEqual([b.store.files(), stagingOf(b.folder), b.store.twin.tip.seq], [[], [], 0])
  await copyAll(a.store, b.store)
  assert.deepEqual(await allVersions(b.store, name), ['2', '1'])
})

test('what follows a batch that failed fails with it, and can be done later', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  for (const content of ['1', '2', '3']) await save(a.store, name, content)
  const batches = a.store.twin.after(b.store.twin.tip) ?? []
  const results = await Promise.allSettled(
    batches.map(({ entries }, index) =>
      b.store.twin.follow(entries, new Map([[index + 1, Buffer.from(index === 1 ? 'X' : `${index + 1}`)]])),
    ),
  )
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  await copyAll(a.store, b.store)
  assert.deepEqual(await allVersions(b.store, name), ['3', '2', '1'])
})

test('content that is no longer kept is passed over, and what stands is right nevertheless', async (t) => {
  const options = { versions: 2 }
  const [a, b] = [await openTwin(t, { ...options, epoch: 1 }), await openTwin(t, options)]
  await save(a.store, name, '0')
  await copyAll(a.store, b.store)
  for (const content of ['1', '2', '3', '4']) await save(a.store, name, content)
  await copyAll(a.store, b.store)
  assert.deepEqual(await allVersions(b.store, name), ['4', '3'])
  assert.deepEqual(b.store.twin.tip, a.store.twin.tip)
  assert.deepEqual(keptOf(b.folder), keptOf(a.folder))
  await b.stop()
  const again = await openTwin(t, { ...options, dataFolder: b.folder })
  assert.deepEqual(await allVersions(again.store, name), ['4', '3'])
  assert.deepEqual(again.logged, [])
})

test('a withdrawn version does not stand on the follower either', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  await save(a.store, name, 'old')
  a.steps.on = (step) => {
    if (step === 'journaled') throw new Error('EIO')
  }
  await assert.rejects(save(a.store, name, 'new'), /EIO/)
  a.steps.on = () => {}
  await copyAll(a.store, b.store)
  assert.equal(b.store.twin.tip.seq, 3)
  assert.deepEqual(await allVersions(b.store, name), ['old'])
  await save(a.store, name, 'newer')
  await copyAll(a.store, b.store)
  assert.deepEqual(await allVersions(b.store, name), ['newer', 'old'])
  assert.deepEqual(b.store.twin.root(), a.store.twin.root())
})

test('what was lost by hand on the active node is kept aside on the follower', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  for (const content of ['1', '2']) await save(a.store, name, content)
  await copyAll(a.store, b.store)
  writeFileSync(join(a.folder, 'FTPdata', name), 'by hand')
  await save(a.store, name, '3')
  await copyAll(a.store, b.store)
  assert.deepEqual(await allVersions(b.store, name), ['3', 'by hand', '1'])
  assert.deepEqual(await rescuedIn(b.store), [[name, 'withdrawn on the active node', '2']])
  rmSync(join(a.folder, 'FTPdata', name))
  await a.store.takeIn(name)
  await copyAll(a.store, b.store)
  assert.deepEqual(await allVersions(b.store, name), ['(deleted)', 'by hand', '1'])
  await assert.rejects(b.store.read(name), refusedAs('notFound'))
})

test('a version that stands again, since a later one was withdrawn, comes back from the versions', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  for (const content of ['1', '2']) await save(a.store, name, content)
  await copyAll(a.store, b.store)
  const { tip } = b.store.twin
  const at = new Date().toISOString()
  const record = { seq: 3, at, epoch: 1, op: 'void', name, of: 2, previous: tip.hash } as const
  await b.store.twin.follow([{ record }], new Map())
  assert.deepEqual(await allVersions(b.store, name), ['1'])
  assert.deepEqual(keptOf(b.folder), [])
  assert.deepEqual(await rescuedIn(b.store), [[name, 'withdrawn on the active node', '2']])
})

test('a file changed by hand on the follower is rescued before it is overwritten or removed', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 4 }), await openTwin(t)]
  for (const each of [name, other]) await save(a.store, each, 'stored')
  await copyAll(a.store, b.store)
  writeFileSync(join(b.folder, 'FTPdata', name), 'changed by hand')
  writeFileSync(join(b.folder, 'FTPdata', other), 'that too')
  await b.store.twin.drift.look()
  assert.deepEqual(
    b.store.twin.drift.list().map(({ what }) => what),
    ['changed', 'changed'],
  )
  await save(a.store, name, 'new')
  await a.store.remove(other, phone)
  await copyAll(a.store, b.store)
  assert.equal(await contentOf(b.store, name), 'new')
  await assert.rejects(b.store.read(other), refusedAs('notFound'))
  assert.deepEqual(await rescuedIn(b.store), [
    [name, 'changed by hand on this node', 'changed by hand'],
    [other, 'changed by hand on this node', 'that too'],
  ])
  await b.store.twin.drift.look()
  assert.deepEqual(b.store.twin.drift.list(), [])
})

test('links and folders in the way are moved aside, whatever they are', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 4 }), await openTwin(t)]
  const root = join(b.folder, 'FTPdata')
  mkdirSync(join(root, name))
  writeFileSync(join(root, name, 'inside.txt'), 'inside')
  symlinkSync('/etc/hostname', join(root, other))
  writeFileSync(join(root, '00040d123456'), 'a file where a folder is needed')
  for (const each of [name, other, boot]) await save(a.store, each, 'stored')
  await copyAll(a.store, b.store)
  for (const each of [name, other, boot]) assert.equal(await contentOf(b.store, each), 'stored')
  const rescued = await b.store.twin.rescue.list()
  assert.deepEqual(rescued.map((each) => each.name).toSorted(), ['00040d123456', name, other])
  const folder = rescued.find((each) => each.name === name)
  assert.equal(
    readFileSync(join(b.folder, '.state', 'rescue', folder?.id ?? '', 'inside.txt'), 'utf8'),
    'inside',
  )
})

test('a node that led, followed and leads again knows where each reign began', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  await save(a.store, name, '1')
  await copyAll(a.store, b.store)
  await a.store.twin.standBy()
  await b.store.twin.lead(2)
  await save(b.store, name, '2')
  await copyAll(b.store, a.store)
  await b.store.twin.standBy()
  await a.store.twin.lead(3)
  await save(a.store, name, '3')
  await copyAll(a.store, b.store)
  assert.deepEqual(b.store.versions(name), a.store.versions(name))
  assert.deepEqual(
    b.store.twin.snapshot().reigns.map(({ epoch, after }) => [epoch, after.seq]),
    [
      [1, 0],
      [2, 1],
      [3, 2],
    ],
  )
})

test('what followed before is still known to whoever comes after a restart', async (t) => {
  const a = await openTwin(t, { epoch: 1 })
  for (const content of ['1', '2', '3']) await save(a.store, name, content)
  const [first] = a.store.twin.after({ seq: 0, hash: '0'.repeat(64) }) ?? []
  await a.stop()
  const again = await openTwin(t, { dataFolder: a.folder, epoch: 2 })
  assert.equal(again.store.twin.after(first?.tip ?? { seq: 0, hash: '' })?.length, 2)
  assert.equal(again.store.twin.after({ seq: 1, hash: 'f'.repeat(64) }), undefined)
})

async function rescuedIn(store: Awaited<ReturnType<typeof openTwin>>['store']): Promise<string[][]> {
  const rescued = (await store.twin.rescue.list()).toSorted((a, b) => a.name.localeCompare(b.name))
  return Promise.all(
    rescued.map(async ({ id, name: file, why }) => [
      file,
      why,
      (await store.twin.rescue.read(id)).content.toString(),
    ]),
  )
}
