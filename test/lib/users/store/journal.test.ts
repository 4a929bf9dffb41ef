import assert from 'node:assert/strict'
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Alarms } from '../../../../lib/base/alarms.ts'
import { systemClock } from '../../../../lib/base/clock.ts'
import { parseFileName } from '../../../../lib/files/file-name.ts'
import { Chain } from '../../../../lib/users/store/chain.ts'
import { Histories } from '../../../../lib/users/store/histories.ts'
import { Journal } from '../../../../lib/users/store/journal.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { refusedAs } from '../../../support/refused.ts'
import { recordingLog } from '../../../support/recording-log.ts'
import {
  allVersions,
  contentOf,
  dataOf,
  keptOf,
  openUserStore,
  phone,
  save,
  type OpenUserStore,
} from '../../../support/user-store.ts'

const name = dataOf('4711')
const other = dataOf('4712')
const journalOf = (folder: string) => join(folder, '.state', 'journal')
const segmentOf = (folder: string) => {
  const segments = readdirSync(journalOf(folder)).filter((file) => file.endsWith('.jsonl'))
  assert.equal(segments.length, 1)
  return join(journalOf(folder), segments[0] ?? '')
}

/** Three versions of one file and two of another, and the store stopped. */
async function stoppedStore(t: TestContext): Promise<OpenUserStore> {
  const open = await openUserStore(t)
  for (const content of ['1', '2', '3']) await save(open.store, name, content)
  for (const content of ['a', 'b']) await save(open.store, other, content)
  await open.stop()
  return open
}

test('a record that was being written when the power went is cut off, and said', async (t) => {
  const { folder } = await stoppedStore(t)
  appendFileSync(segmentOf(folder), '{"sum":"12')
  const { store, logged, alarms } = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual(await allVersions(store, name), ['3', '2', '1'])
  assert.deepEqual(
    logged.map(({ msg, bytes }) => [msg, bytes]),
    [['unfinished record cut from the journal of user data', 10]],
  )
  assert.deepEqual(alarms.list(), [])
})

test('what is stored after such a cut is found after the next start', async (t) => {
  const { folder } = await stoppedStore(t)
  appendFileSync(segmentOf(folder), '{"sum":"12')
  const first = await openUserStore(t, { dataFolder: folder })
  await save(first.store, name, '4')
  await first.stop()
  const { store, logged } = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual([await allVersions(store, name), logged], [['4', '3', '2', '1'], []])
})

test('a lost last record costs its entry in the history, never content', async (t) => {
  const { folder } = await stoppedStore(t)
  const segment = segmentOf(folder)
  truncateSync(segment, statSync(segment).size - 5)
  const { store } = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual(await allVersions(store, other), ['b', 'a'])
  assert.equal(store.files().find((record) => record.name === other)?.by.protocol, 'local')
})

test('damage in the middle is an alarm, what can be read goes on, and nothing is thrown away', async (t) => {
  const { folder } = await stoppedStore(t)
  const segment = segmentOf(folder)
  const lines = readFileSync(segment, 'utf8').split('\n')
  lines[2] = (lines[2] ?? '').replace('"size":1', '"size":7')
  writeFileSync(segment, lines.join('\n'))
  const { store, alarms, stop } = await openUserStore(t, { dataFolder: folder })
  assert.match(alarms.list()[0]?.text ?? '', /line 3 of .*00000001.jsonl is damaged.*a copy lies in/)
  assert.deepEqual(await allVersions(store, name), ['3', '1'])
  assert.deepEqual(await allVersions(store, other), ['b', 'a'])
  assert.deepEqual(readdirSync(join(folder, '.state', 'lost')), ['2'])
  assert.ok(readdirSync(journalOf(folder)).includes('00000001.jsonl.damaged'))
  await save(store, name, '4')
  await stop()
  const again = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual([await allVersions(again.store, name), again.alarms.list()], [['4', '3', '1'], []])
})

test('a line that is missing is damage, too', async (t) => {
  const { folder } = await stoppedStore(t)
  const segment = segmentOf(folder)
  writeFileSync(segment, readFileSync(segment, 'utf8').split('\n').toSpliced(2, 1).join('\n'))
  const { alarms } = await openUserStore(t, { dataFolder: folder })
  assert.match(alarms.list()[0]?.text ?? '', /something is missing before line 3/)
})

test('without a journal the files are taken in anew, old versions are put aside, and no number is used twice', async (t) => {
  const { folder } = await stoppedStore(t)
  rmSync(segmentOf(folder))
  const { store, alarms } = await openUserStore(t, { dataFolder: folder })
  assert.match(alarms.list()[0]?.text ?? '', /there is no journal/)
  assert.deepEqual([await contentOf(store, name), await contentOf(store, other)], ['3', 'b'])
  assert.deepEqual(readdirSync(join(folder, '.state', 'lost')).toSorted(), ['1', '2', '4'])
  await save(store, name, '4')
  assert.ok(store.versions(name).every(({ seq }) => seq > 4))
})

test('the records make a chain', async (t) => {
  const { store } = await openUserStore(t)
  for (const content of ['1', '2']) await save(store, name, content)
  const [second, first] = store.versions(name)
  assert.equal(first?.previous, '0'.repeat(64))
  assert.match(second?.previous ?? '', /^[1-9a-f][0-9a-f]{63}$/)
})

test('the journal stays small, however much is stored', async (t) => {
  const { store, folder, stop } = await openUserStore(t, { versions: 2, compactAtBytes: 5_000 })
  for (let count = 0; count < 100; count += 1) await save(store, name, `${count}`)
  await Promise.all(Array.from({ length: 100 }, (_, count) => save(store, other, `${count}`)))
  assert.ok(statSync(segmentOf(folder)).size < 6_000)
  const records = store.versions(name)
  await stop()
  const again = await openUserStore(t, { dataFolder: folder, versions: 2 })
  assert.deepEqual(again.store.versions(name), records)
  assert.deepEqual(await allVersions(again.store, name), ['99', '98'])
  assert.deepEqual(again.logged, [])
})

test('fewer versions by setting: the surplus goes at the next start', async (t) => {
  const { folder } = await stoppedStore(t)
  const { store, logged } = await openUserStore(t, { dataFolder: folder, versions: 2 })
  assert.deepEqual([await allVersions(store, name), keptOf(folder).length, logged], [['3', '2'], 2, []])
})

test('versions whose content somebody removed are forgotten, and said', async (t) => {
  const { folder } = await stoppedStore(t)
  rmSync(join(folder, '.state', 'versions', '2'))
  const { store, logged } = await openUserStore(t, { dataFolder: folder })
  assert.deepEqual(await allVersions(store, name), ['3', '1'])
  assert.deepEqual(
    logged.map(({ msg, versions }) => [msg, versions]),
    [['versions of user data are gone', 1]],
  )
})

test('a journal that cannot be compacted goes on with the old segment', async (t) => {
  const { store, folder, steps, logged } = await openUserStore(t, { versions: 2, compactAtBytes: 2_000 })
  steps.on = (step) => {
    if (step === 'segment written') throw new Error('EIO')
  }
  for (let count = 0; count < 20; count += 1) await save(store, name, `${count}`)
  assert.ok(logged.some(({ msg }) => msg === 'journal of user data not compacted'))
  assert.deepEqual(await allVersions(store, name), ['19', '18'])
  steps.on = () => {}
  for (let count = 0; count < 80; count += 1) await save(store, name, `${count}`)
  assert.ok(statSync(segmentOf(folder)).size < 20_000)
  await store.remove(name, phone)
})

test('a save that fails while the journal is compacted fails alone', async (t) => {
  let wallTime = () => new Date()
  const { journal } = await openJournal(t, () => wallTime())
  wallTime = () => {
    throw new Error('out of time')
  }
  const saved = journal.append([{ record }])
  const compacted = journal.compact()
  await assert.rejects(saved, /out of time/)
  await compacted
  await journal.close()
})

test('a journal of what happens elsewhere takes nothing else, and one of what happens here takes no copies', async (t) => {
  const { journal, chain } = await openJournal(t)
  const [entry] = await journal.append([{ record }])
  assert.ok(entry)
  await assert.rejects(journal.appendCopy([entry]), /copies nothing/)
  chain.copy()
  await assert.rejects(journal.append([{ record }]), refusedAs('notActive'))
  await assert.rejects(journal.appendUnsettled([{ record }]), refusedAs('notActive'))
  assert.equal(chain.tip.seq, 1)
  chain.originate(4)
  const [later] = await journal.append([{ record }])
  assert.deepEqual([later?.record.seq, later?.record.epoch], [2, 4])
  assert.deepEqual(
    chain.reigns.map(({ epoch, after }) => [epoch, after.seq]),
    [[4, 1]],
  )
  await journal.close()
})

const record = { op: 'put', name: parseFileName('a.txt'), size: 0, hash: '', by: phone } as const

/** A journal alone, without a store. */
async function openJournal(t: TestContext, wallTime = () => new Date()) {
  const { log } = recordingLog()
  const chain = new Chain(0)
  const journal = new Journal({
    folder: await temporaryFolder(t),
    syncFolder: async () => {},
    clock: { ...systemClock, wallTime },
    log,
    alarms: new Alarms({ clock: systemClock, log }),
    onStep: async () => {},
    compactAtBytes: 1_000,
    chain,
    histories: new Histories(),
  })
  await journal.load()
  await journal.compact()
  return { journal, chain }
}
