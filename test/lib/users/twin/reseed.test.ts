import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { restoreRescued } from '../../../../lib/users/twin/restore-rescued.ts'
import type { UserStore } from '../../../../lib/users/store/user-store.ts'
import { refusedAs } from '../../../support/refused.ts'
import { copyAll, openTwin, reseed, type TwinStore } from '../../../support/twins.ts'
import { allVersions, contentOf, dataOf, keptOf, phone, save } from '../../../support/user-store.ts'

const [first, second, third, fourth] = [dataOf('4711'), dataOf('4712'), dataOf('4713'), dataOf('4714')]
const boot = parseFileName('00040d123456/00040d123456-boot.log')

/** Every name and version of it is the same on both, and so is what lies on the disks. */
async function assertEqual(a: TwinStore, b: TwinStore): Promise<void> {
  assert.deepEqual(b.store.twin.snapshot(), withLooks(a.store, b.store))
  assert.deepEqual(b.store.twin.root(), a.store.twin.root())
  for (const name of [first, second, third, fourth, boot])
    assert.deepEqual(await allVersions(b.store, name), await allVersions(a.store, name))
  for (const { name } of a.store.files())
    assert.equal(await contentOf(b.store, name), await contentOf(a.store, name))
  assert.deepEqual(keptOf(b.folder), keptOf(a.folder))
  assert.equal(existsSync(join(b.folder, '.state', 'reseed')), false)
  await b.store.twin.drift.look()
  assert.deepEqual(b.store.twin.drift.list(), [])
}

/** How files look is each node's own business. */
function withLooks(a: UserStore, b: UserStore) {
  const looks = new Map(b.twin.snapshot().entries.map(({ record, look }) => [record.seq, look]))
  const { entries, ...rest } = a.twin.snapshot()
  return {
    ...rest,
    entries: entries.map(({ record }) => {
      const look = looks.get(record.seq)
      return { record, ...(look && { look }) }
    }),
  }
}

const rescuedIn = async (store: UserStore) =>
  (await store.twin.rescue.list()).map(({ id, name, op, hash }) => [id, name, op, hash === undefined])

test('an empty store becomes what the other one is, and that lasts over a restart', async (t) => {
  const a = await openTwin(t, { epoch: 5 })
  for (const content of ['1', '2', '3']) await save(a.store, first, content)
  await save(a.store, second, 'gone')
  await a.store.remove(second, phone)
  await save(a.store, boot, 'booted')
  await save(a.store, third, '3') // the same content under another name
  const b = await openTwin(t)
  await reseed(a.store, b.store)
  await assertEqual(a, b)
  await b.stop()
  const again = await openTwin(t, { dataFolder: b.folder })
  await assertEqual(a, again)
  assert.deepEqual([again.logged, await again.store.twin.rescue.list()], [[], []])
  await save(a.store, first, '4')
  await copyAll(a.store, again.store)
  await assertEqual(a, again)
})

test('row 49: what the old active node alone has is rescued, nothing else, and then both are equal', async (t) => {
  const { a, b } = await diverged(t)
  await reseed(b.store, a.store)
  await assertEqual(b, a)
  assert.deepEqual(await rescuedIn(a.store), [
    ['1/1', first, 'put', false],
    ['1/2', fourth, 'put', false],
    ['1/3', second, 'delete', true],
  ])
  const { content } = await a.store.twin.rescue.read('1/1')
  assert.equal(content.toString(), 'never acknowledged')
  await a.stop()
  const again = await openTwin(t, { dataFolder: a.folder })
  await assertEqual(b, again)
  assert.equal((await again.store.twin.rescue.list()).length, 3)
})

/** `a` was active and wrote on when `b` had taken over. Both have used the same numbers for other things since. */
async function diverged(t: Parameters<typeof openTwin>[0]) {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  for (const name of [first, second, third]) await save(a.store, name, `${name} of both`)
  await copyAll(a.store, b.store)
  await save(a.store, first, 'never acknowledged')
  await save(a.store, fourth, 'neither')
  await a.store.remove(second, phone)
  await a.store.twin.standBy()
  await b.store.twin.lead(2)
  await save(b.store, second, 'newer')
  await save(b.store, third, 'newer')
  await save(b.store, third, 'newest')
  await save(b.store, boot, 'booted')
  return { a, b }
}

test('older versions that the other node has pruned meanwhile are no rescue', async (t) => {
  const options = { versions: 2 }
  const [a, b] = [await openTwin(t, { ...options, epoch: 1 }), await openTwin(t, options)]
  for (const content of ['1', '2']) await save(a.store, first, content)
  await copyAll(a.store, b.store)
  for (const content of ['3', '4', '5']) await save(a.store, first, content)
  await reseed(a.store, b.store)
  await assertEqual(a, b)
  assert.deepEqual(await b.store.twin.rescue.list(), [])
})

test('only content that is missing is fetched, and not twice after a broken connection', async (t) => {
  const { a, b } = await diverged(t)
  const asked: number[] = []
  const fetch = async (wanted: { name: typeof first; seq: number; hash: string }) => {
    asked.push(wanted.seq)
    if (asked.length === 3) throw new Error('the line is cut')
    return b.store.twin.content(wanted)
  }
  const before = await allVersions(a.store, first)
  await assert.rejects(reseed(b.store, a.store, { fetch }), /the line is cut/)
  assert.deepEqual(await allVersions(a.store, first), before, 'still the old state')
  await reseed(b.store, a.store, { fetch })
  await assertEqual(b, a)
  assert.equal(asked.length, 4, 'three contents, and one of them twice')
})

test('wrong content is not taken', async (t) => {
  const a = await openTwin(t, { epoch: 1 })
  await save(a.store, first, 'right')
  const b = await openTwin(t)
  await assert.rejects(
    reseed(a.store, b.store, { fetch: async () => Buffer.from('wrong') }),
    /is not the content with the hash/,
  )
  assert.deepEqual(b.store.files(), [])
})

test('content that is gone by the time it is fetched is left out', async (t) => {
  const a = await openTwin(t, { epoch: 1 })
  for (const content of ['1', '2']) await save(a.store, first, content)
  const b = await openTwin(t)
  await reseed(a.store, b.store, {
    fetch: async (wanted) => (wanted.seq === 1 ? undefined : a.store.twin.content(wanted)),
  })
  assert.deepEqual(await allVersions(b.store, first), ['2'])
  assert.deepEqual(b.store.twin.tip, a.store.twin.tip)
})

test('two stores that were alone before become a pair: all that only the follower has is rescued', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t, { epoch: 1 })]
  await save(a.store, first, 'of a')
  await save(b.store, first, 'of b')
  await save(b.store, second, 'of b')
  await b.store.twin.standBy()
  await reseed(a.store, b.store, { common: 0 })
  await assertEqual(a, b)
  assert.deepEqual(
    (await b.store.twin.rescue.list()).map(({ name, by }) => [name, by?.address]),
    [
      [first, '10.1.2.3'],
      [second, '10.1.2.3'],
    ],
  )
})

test('a file changed by hand stays as it is, and is replaced and rescued only when that is asked for', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  for (const name of [first, second]) await save(a.store, name, 'stored')
  await copyAll(a.store, b.store)
  const root = join(b.folder, 'FTPdata')
  writeFileSync(join(root, first), 'by hand')
  rmSync(join(root, second))
  writeFileSync(join(root, fourth), 'added by hand')
  await reseed(a.store, b.store)
  assert.equal(await contentOf(b.store, first), 'by hand')
  assert.deepEqual(
    b.store.twin.drift.list().map(({ name, what }) => [name, what]),
    [
      [first, 'changed'],
      [second, 'removed'],
      [fourth, 'added'],
    ],
  )
  await reseed(a.store, b.store, { overDrift: true })
  await assertEqual(a, b)
  assert.deepEqual(
    (await b.store.twin.rescue.list()).map(({ name }) => name),
    [first, fourth],
  )
})

test('what was rescued can be stored again, on the active node', async (t) => {
  const { a, b } = await diverged(t)
  await reseed(b.store, a.store)
  const by = { protocol: 'local', address: '' } as const
  await assert.rejects(restoreRescued(a.store, '1/1', by), refusedAs('notActive'))
  await b.store.twin.standBy()
  await a.store.twin.lead(3)
  const record = await restoreRescued(a.store, '1/1', by)
  assert.equal(record.by.why, 'rescued as 1/1')
  assert.equal(await contentOf(a.store, first), 'never acknowledged')
  await assert.rejects(restoreRescued(a.store, '1/3', by), refusedAs('notFound'))
  await assert.rejects(restoreRescued(a.store, '1/4', by), refusedAs('notFound'))
})

test('a damaged journal is nobody’s, so that everything is made equal anew', async (t) => {
  const [a, b] = [await openTwin(t, { epoch: 1 }), await openTwin(t)]
  for (const content of ['1', '2', '3']) await save(a.store, first, content)
  await copyAll(a.store, b.store)
  await b.stop()
  const journal = join(b.folder, '.state', 'journal')
  const [segment = ''] = readdirSync(journal)
  const lines = readFileSync(join(journal, segment), 'utf8').split('\n')
  writeFileSync(join(journal, segment), lines.toSpliced(2, 1).join('\n'))
  const again = await openTwin(t, { dataFolder: b.folder })
  assert.equal(again.store.twin.isDamaged, true)
  assert.equal(a.store.twin.after(again.store.twin.tip), undefined)
  await reseed(a.store, again.store)
  assert.equal(again.store.twin.isDamaged, false)
  await assertEqual(a, again)
})
