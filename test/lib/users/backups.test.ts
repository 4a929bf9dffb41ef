import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parseFileName } from '../../../lib/files/file-name.ts'
import { Backups } from '../../../lib/users/backups.ts'
import { refusedAs, refusedBecause } from '../../support/refused.ts'
import { usersIn } from '../../support/users.ts'

const file = '4711_96xxdata.txt'
const anna = 'ABKNAME001=Anna\nABKNUMBER001=4712\n'
const bert = 'ABKNAME001=Bert\nABKNUMBER001=4713\n'

async function backupsOf(t: TestContext, contents: readonly (readonly [name: string, content: string])[]) {
  const { dataFolder, names, store, contentOf } = await usersIn(t)
  for (const [name, content] of contents)
    await store.putContent(parseFileName(name), Buffer.from(content), {
      protocol: 'ftp',
      address: '127.0.1.1',
      model: '9630',
    })
  const pathOf = (name: string) => join(dataFolder, 'FTPdata', name)
  return { store, contentOf, pathOf, backups: new Backups({ store, names }) }
}

const words = (changes: Awaited<ReturnType<Backups['diff']>>['changes']) =>
  changes?.map(({ kind, item: { id } }) => `${kind} ${id}`)

test('files are listed in the order of their extensions, all or those of one', async (t) => {
  const { backups } = await backupsOf(t, [
    ['1000_96xxdata.txt', 'a=1'],
    ['99_96xxdata.txt', 'a=1'],
    ['99_4620data.txt', 'a=1'],
  ])
  assert.deepEqual(
    backups.list().map(({ name }) => name),
    ['99_96xxdata.txt', '99_4620data.txt', '1000_96xxdata.txt'],
  )
  assert.equal(backups.list('9').length, 0)
  assert.deepEqual(
    backups.list('1000').map(({ bytes, versions, by }) => [bytes, versions, by.model]),
    [[3, 1, '9630']],
  )
})

test('an extension stands for its only file; several must be told apart', async (t) => {
  const { backups } = await backupsOf(t, [
    [file, anna],
    ['99_96xxdata.txt', 'a=1'],
    ['99_4620data.txt', 'a=1'],
  ])
  assert.equal((await backups.show('4711')).items?.[0]?.id, 'Anna')
  assert.throws(
    () => backups.history('99'),
    refusedBecause('badName', /99_96xxdata\.txt, 99_4620data\.txt|99_4620data\.txt, 99_96xxdata\.txt/),
  )
  assert.throws(() => backups.history('98'), refusedAs('notFound'))
})

test('the difference is that of the last change, or of the versions named', async (t) => {
  const { backups } = await backupsOf(t, [
    [file, anna],
    [file, anna + 'PHNREDIAL=1\n'],
    [file, bert],
  ])
  const [third, second, first] = backups.history(file).map(({ version }) => version)
  assert.deepEqual(words((await backups.diff(file)).changes), [
    'removed Anna',
    'added Bert',
    'removed PHNREDIAL',
  ])
  assert.deepEqual(words((await backups.diff(file, first, second)).changes), ['added PHNREDIAL'])
  assert.deepEqual(words((await backups.diff(file, undefined, first)).changes), ['added Anna'])
  await assert.rejects(
    backups.diff(file, 999, third),
    refusedBecause('notFound', /has no version 999; it has/),
  )
})

test('an older version becomes the current one as a new version, and a dry run changes nothing', async (t) => {
  const { backups, contentOf } = await backupsOf(t, [
    [file, anna],
    [file, bert],
  ])
  const planned = await backups.restore(file, { dryRun: true })
  assert.deepEqual([planned.dryRun, words(planned.changes)], [true, ['removed Bert', 'added Anna']])
  assert.equal(backups.history(file).length, 2)
  const done = await backups.restore(file, {})
  assert.equal(await contentOf(file), anna)
  const [newest, ...older] = backups.history(file)
  assert.equal(newest?.version, done.to)
  assert.match(newest?.by.why ?? '', /^restored from version \d+ of 4711_96xxdata\.txt$/)
  assert.equal(older.length, 2)
})

test("a user's data is given to another extension or phone type; what was there stays a version", async (t) => {
  const { backups, contentOf } = await backupsOf(t, [
    [file, anna],
    ['4799_96xxdata.txt', bert],
  ])
  await backups.restore(file, { to: '4799' })
  assert.equal(await contentOf('4799_96xxdata.txt'), anna)
  assert.equal(backups.history('4799').length, 2)
  await backups.restore('4711', { as: '16xxdata.txt' })
  assert.equal(await contentOf('4711_16xxdata.txt'), anna)
  for (const wish of [{ to: '../x' }, { to: '' }, { as: 'passwd' }, { to: '47_11' }])
    await assert.rejects(backups.restore(file, wish), refusedAs('badName'), JSON.stringify(wish))
})

test('a deleted file is listed as such, comes back, and can be restored from', async (t) => {
  const { backups, store, contentOf } = await backupsOf(t, [[file, anna]])
  await store.remove(parseFileName(file), { protocol: 'http', address: '127.0.1.1' })
  assert.deepEqual(backups.list(), [])
  assert.deepEqual(
    backups.deleted().map(({ name }) => name),
    [file],
  )
  await assert.rejects(backups.show('4711'), refusedBecause('notFound', /undelete/))
  await backups.undelete('4711')
  assert.equal(await contentOf(file), anna)
  assert.deepEqual(backups.deleted(), [])
  await assert.rejects(backups.undelete('4711'), refusedAs('notFound'))
})

test('where somebody damaged or removed a file by hand, an older version is restored at once', async (t) => {
  const { backups, contentOf, pathOf } = await backupsOf(t, [
    [file, anna],
    [file, bert],
  ])
  const [, ofAnna] = backups.history(file)
  await writeFile(pathOf(file), 'rubbish=1\n')
  await backups.restore(file, {})
  assert.equal(await contentOf(file), anna)
  await writeFile(pathOf(file), 'rubbish=2\n')
  assert.equal(String(Buffer.from((await backups.show(file)).base64, 'base64')), 'rubbish=2\n')
  await rm(pathOf(file))
  await backups.restore(file, { version: ofAnna?.version ?? 0 })
  assert.equal(await contentOf(file), anna)
})

test('what is no text of a backup has its sizes compared only', async (t) => {
  const { backups } = await backupsOf(t, [
    [file, '\x00\x01'],
    [file, anna],
  ])
  const { changes, bytes } = await backups.diff(file)
  assert.deepEqual([changes, bytes], [undefined, { from: 2, to: anna.length }])
})
