import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, stat, symlink, utimes, writeFile, readdir, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { lay, startMirrors, untilAlike } from '../../support/mirrors.ts'
import { until } from '../../support/until.ts'

const textOf = (path: string) => readFile(path, 'utf8').catch(() => undefined)
const untilText = (path: string, text: string | undefined) =>
  until(async () => ((await textOf(path)) === text ? true : undefined), 30_000)

test('what is laid into the folders of the active node comes to the standby, with its mode and exact date', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  const firmware = randomBytes(3_000_000)
  await lay(a.path('HTTPdata/firmware/96x1.bin'), firmware, 0o640)
  await lay(a.path('HTTPdata/46xxsettings.txt'), 'SET A 1')
  await lay(a.path('TFTPdata/46xxsettings.txt'), 'SET A 1')
  await lay(a.path('TFTPdata/empty.txt'), '')
  await lay(a.path('FTPdata/FTP_allow_IP.txt'), '192.0.2.')
  await lay(a.path('HTTPdata/allow_IP.txt'), '192.0.2.')
  await lay(a.path('credentials'), 'hash', 0o600)
  await utimes(a.path('HTTPdata/firmware/96x1.bin'), 1_700_000_000.123_456_7, 1_700_000_000.123_456_7)
  await untilText(b.path('credentials'), 'hash')
  await untilAlike(pair)
  assert.deepEqual(await readFile(b.path('HTTPdata/firmware/96x1.bin')), firmware)
  assert.equal(await textOf(b.path('TFTPdata/46xxsettings.txt')), 'SET A 1')
  assert.equal(await textOf(b.path('TFTPdata/empty.txt')), '')
  assert.equal(await textOf(b.path('FTPdata/FTP_allow_IP.txt')), '192.0.2.')
  assert.equal(await textOf(b.path('HTTPdata/allow_IP.txt')), '192.0.2.')
  const [mine, theirs] = [
    await stat(a.path('HTTPdata/firmware/96x1.bin')),
    await stat(b.path('HTTPdata/firmware/96x1.bin')),
  ]
  assert.equal(theirs.mtimeMs, mine.mtimeMs)
  assert.equal(theirs.mode & 0o777, 0o640)
  assert.equal((await stat(b.path('credentials'))).mode & 0o777, 0o600)
  assert.deepEqual(b.mirror.allHere(), { ready: true })
  await until(() => (a.mirror.status().behind?.files === 0 ? true : undefined))
})

test('edits, renames and deletions follow, and folders that are empty then go', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('HTTPdata/old/fw.bin'), 'firmware')
  await lay(a.path('HTTPdata/settings.txt'), 'one')
  await lay(a.path('HTTPdata/gone.txt'), 'gone')
  await untilText(b.path('HTTPdata/gone.txt'), 'gone')
  await untilAlike(pair)
  await rename(a.path('HTTPdata/old/fw.bin'), a.path('HTTPdata/fw.bin'))
  await rm(a.path('HTTPdata/old'), { recursive: true })
  await rm(a.path('HTTPdata/gone.txt'))
  await lay(a.path('HTTPdata/settings.txt'), 'two')
  await untilText(b.path('HTTPdata/settings.txt'), 'two')
  await untilText(b.path('HTTPdata/fw.bin'), 'firmware')
  await untilText(b.path('HTTPdata/gone.txt'), undefined)
  await untilAlike(pair)
  await assert.rejects(stat(b.path('HTTPdata/old')), { code: 'ENOENT' })
  assert.deepEqual(b.mirror.status().drift, [])
})

test("users' files, links, keys, leftovers and what phones would be refused stay where they are", async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('FTPdata/4711_96xxdata.txt'), 'a user')
  await lay(a.path('HTTPdata/x.bak'), 'leftover')
  await lay(a.path('HTTPdata/.hidden'), 'hidden')
  await lay(a.path('HTTPdata/note.txt'), '-----BEGIN PRIVATE KEY-----')
  await lay(a.path('secret'), 'secret')
  await symlink(a.path('secret'), a.path('HTTPdata/link.txt'))
  await lay(a.path('HTTPdata/last.txt'), 'last')
  await untilText(b.path('HTTPdata/last.txt'), 'last')
  await untilAlike(pair)
  assert.deepEqual(await readdir(b.path('HTTPdata')), ['last.txt'])
  assert.deepEqual(await readdir(b.path('FTPdata')), [])
  assert.deepEqual(
    a.mirror
      .status()
      .leftOut.map(({ path }) => path)
      .toSorted(),
    ['HTTPdata/link.txt', 'HTTPdata/note.txt'],
  )
})

test('a file that a person changed, added or removed on the standby is told of and left alone, until resync moves it to rescue', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  for (const name of ['changed', 'removed', 'fine']) await lay(a.path(`HTTPdata/${name}.txt`), 'one')
  await untilText(b.path('HTTPdata/removed.txt'), 'one')
  await untilAlike(pair)
  await lay(b.path('HTTPdata/changed.txt'), 'by hand')
  await lay(b.path('HTTPdata/added.txt'), 'by hand')
  await rm(b.path('HTTPdata/removed.txt'))
  await until(() => (b.mirror.status().drift.length === 3 ? true : undefined))
  await lay(a.path('HTTPdata/changed.txt'), 'two')
  await lay(a.path('HTTPdata/fine.txt'), 'two')
  await untilText(b.path('HTTPdata/fine.txt'), 'two')
  assert.equal(await textOf(b.path('HTTPdata/changed.txt')), 'by hand')
  assert.equal(await textOf(b.path('HTTPdata/added.txt')), 'by hand')
  assert.equal(await textOf(b.path('HTTPdata/removed.txt')), undefined)
  assert.deepEqual(
    b.mirror
      .status()
      .drift.map(({ path, why }) => `${path}: ${why}`)
      .toSorted(),
    [
      'HTTPdata/added.txt: only this node has it',
      'HTTPdata/changed.txt: it was changed on this node',
      'HTTPdata/removed.txt: it was removed from this node',
    ],
  )
  assert.equal(b.mirror.allHere().ready, false)
  assert.match(b.alarms.list()[0]?.text ?? '', /3 files of node-b are left alone/)
  await until(() => (a.mirror.status().drift.length === 3 ? true : undefined))

  const { moved, folder } = await b.mirror.resync()
  assert.deepEqual(moved.toSorted(), ['HTTPdata/added.txt', 'HTTPdata/changed.txt'])
  await untilText(b.path('HTTPdata/changed.txt'), 'two')
  await untilText(b.path('HTTPdata/removed.txt'), 'one')
  await untilAlike(pair)
  assert.equal(await textOf(join(folder, 'HTTPdata/changed.txt')), 'by hand')
  assert.equal(await textOf(join(folder, 'HTTPdata/added.txt')), 'by hand')
  await until(() => (b.alarms.list().length === 0 ? true : undefined))
})

test('what the new active node changed replaces what the old one had and both agreed on; what it had alone is drift', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('HTTPdata/settings.txt'), 'one')
  await untilText(b.path('HTTPdata/settings.txt'), 'one')
  await until(() => (a.mirror.status().behind?.files === 0 ? true : undefined))
  a.mirror.setRole('none', false)
  await lay(a.path('HTTPdata/unsent.txt'), 'never came over')
  b.mirror.setRole('active', false)
  await lay(b.path('HTTPdata/settings.txt'), 'two')
  a.mirror.setRole('standby', false)
  await untilText(a.path('HTTPdata/settings.txt'), 'two')
  await until(() => (a.mirror.status().drift.length === 1 ? true : undefined))
  assert.equal(a.mirror.status().drift[0]?.path, 'HTTPdata/unsent.txt')
  assert.equal(await textOf(a.path('HTTPdata/unsent.txt')), 'never came over')
})

test('a certificate and its key are put in place together, and told of in one call', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('certs/server.key'), 'key', 0o600)
  await lay(a.path('certs/server.pem'), 'certificate')
  await lay(a.path('certs/other.key'), 'key 2', 0o600)
  await lay(a.path('certs/other.pem'), 'certificate 2')
  await untilText(b.path('certs/server.key'), 'key')
  await untilText(b.path('certs/other.pem'), 'certificate 2')
  await untilAlike(pair)
  for (const [one, other] of [
    ['certificate', 'key'],
    ['certs/other.pem', 'certs/other.key'],
  ] as const)
    assert.ok(
      b.placed.some((paths) => paths.includes(one) && paths.includes(other)),
      JSON.stringify(b.placed),
    )
  assert.equal((await stat(b.path('certs/server.key'))).mode & 0o777, 0o600)
})

test('a folder of which the active node has nothing left is not emptied on the standby', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('TFTPdata/stays.txt'), 'one')
  for (const name of ['a', 'b', 'c']) await lay(a.path(`HTTPdata/${name}.txt`), name)
  await untilText(b.path('HTTPdata/c.txt'), 'c')
  await untilAlike(pair)
  await rename(a.path('HTTPdata'), a.path('elsewhere')) // the disk is gone, and its folder with it
  await lay(a.path('TFTPdata/sign.txt'), 'seen')
  await untilText(b.path('TFTPdata/sign.txt'), 'seen')
  assert.equal((await readdir(b.path('HTTPdata'))).length, 3)
  await mkdir(a.path('HTTPdata')) // the disk is gone, and the folder it was mounted on is empty
  await until(() => (b.mirror.status().drift.length === 3 ? true : undefined))
  assert.equal((await readdir(b.path('HTTPdata'))).length, 3)
  await rm(a.path('HTTPdata'), { recursive: true })
  await rename(a.path('elsewhere'), a.path('HTTPdata'))
  await until(() => (b.mirror.status().drift.length === 0 ? true : undefined))
  await untilAlike(pair)
})

test('what was applied is known after a restart; when that is lost, what is equal is adopted and the rest is drift', async (t) => {
  const pair = await startMirrors(t)
  const { a, b } = pair
  await lay(a.path('HTTPdata/one.txt'), 'one')
  await lay(a.path('HTTPdata/two.txt'), 'one')
  await untilText(b.path('HTTPdata/two.txt'), 'one')
  await untilAlike(pair)
  await a.mirror.stop()
  await b.mirror.stop()
  await writeFile(b.path('.state/mirror/agreed.json'), '{')
  await lay(a.path('HTTPdata/two.txt'), 'two')
  const again = await startMirrors(t, { b: { dataFolder: b.folder }, a: { dataFolder: a.folder } })
  await until(() => (again.b.mirror.status().drift.length === 1 ? true : undefined))
  assert.equal(again.b.mirror.status().drift[0]?.path, 'HTTPdata/two.txt')
  assert.equal(again.b.recorded.events('mirror state unusable').length, 1)
  await lay(a.path('HTTPdata/one.txt'), 'two')
  await untilText(b.path('HTTPdata/one.txt'), 'two')
})
