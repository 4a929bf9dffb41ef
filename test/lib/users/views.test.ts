import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Caller } from '../../../lib/files/caller.ts'
import { DataFolders } from '../../../lib/files/data-folders.ts'
import type { View } from '../../../lib/files/view.ts'
import { PhoneView } from '../../../lib/users/phone-view.ts'
import { SuperUserView } from '../../../lib/users/super-user-view.ts'
import { refusedAs, refusedBecause } from '../../support/refused.ts'
import { phone, usersIn } from '../../support/users.ts'

const caller: Caller = { protocol: 'ftp', address: '127.0.1.1', port: 21 }

async function store(view: View, path: string, content: string, how: 'replace' | 'append' = 'replace') {
  const upload = await view.store(path, how)
  await upload.write(Buffer.from(content))
  return upload.commit()
}
const read = async (view: View, path: string) => {
  const file = await view.read(path)
  if (file.content !== undefined) return String(file.content)
  const open = await file.open()
  try {
    return String(await open.read(0, file.size))
  } finally {
    await open.close()
  }
}
const namesIn = async (view: View, path: string) => (await view.list(path)).map(({ name }) => name).toSorted()

test('a phone that leaves its extension out finds its data under its own', async (t) => {
  const { names, store: users, contentOf } = await usersIn(t)
  const view = new PhoneView(
    caller,
    { by: 'snmp', phone: phone('4711', { model: '4621' }) },
    { names, store: users },
  )
  await store(view, '/4620data.txt', 'dials')
  assert.equal(await contentOf('4711_4620data.txt'), 'dials')
  assert.equal(await read(view, '/4621data.txt'), 'dials')
  assert.equal(await read(view, '/4711_4620data.txt'), 'dials')
  assert.equal(view.who, 'extension 4711 (4621)')
})

test('d42, d54: a phone sees, reads, replaces and deletes its own files only', async (t) => {
  const { names, store: users } = await usersIn(t)
  const of = (extension: string): View =>
    new PhoneView(caller, { by: 'snmp', phone: phone(extension) }, { names, store: users })
  await store(of('4711'), '/4711_4620data.txt', 'of 4711')
  await store(of('47'), '/4620data.txt', 'of 47')
  const view = of('47')
  assert.deepEqual(await namesIn(view, '/'), ['47_4620data.txt'])
  for (const attempt of [
    () => view.read('/4711_4620data.txt'),
    () => view.look('/4711_4620data.txt'),
    () => view.store('/4711_4620data.txt', 'replace'),
    () => view.remove('/4711_4620data.txt'),
    () => view.rename('/47_4620data.txt', '/4711_4620data.txt'),
    () => view.store('/47_4620data.txt', 'append'),
    () => view.makeFolder('/new'),
    () => view.removeFolder('/'),
  ])
    await assert.rejects(attempt(), refusedAs('forbidden'), attempt.toString())
  for (const path of [
    '/46xxsettings.txt',
    '/FTP_allow_IP.txt',
    '/x/46xxsettings.txt',
    '/47_4620data.txt/',
    '/',
  ])
    await assert.rejects(view.read(path), refusedAs('badName'), path)
  await view.remove('/4620data.txt')
  assert.deepEqual(await namesIn(view, '/'), [])
})

test('whatever folder a phone goes into, it is in its own', async (t) => {
  const { names, store: users, contentOf } = await usersIn(t)
  const view: View = new PhoneView(caller, { by: 'snmp', phone: phone('4711') }, { names, store: users })
  await view.enter('/backups')
  await store(view, '/backups/4620data.txt', 'dials')
  assert.equal(await contentOf('4711_4620data.txt'), 'dials')
  assert.deepEqual(await namesIn(view, '/other'), ['4711_4620data.txt'])
})

test('where only the name tells the extension, it must be there, and nothing is listed', async (t) => {
  const { names, store: users } = await usersIn(t)
  const view: View = new PhoneView(caller, { by: 'open' }, { names, store: users })
  await store(view, '/4711_4620data.txt', 'dials')
  assert.equal(await read(view, '/4711_4620data.txt'), 'dials')
  await assert.rejects(view.read('/4620data.txt'), refusedBecause('badName', /<extension>_4620data/))
  assert.deepEqual(await view.list('/'), [])
})

async function superUser(t: Parameters<typeof usersIn>[0]) {
  const { dataFolder, names, store: users } = await usersIn(t)
  for (const root of ['HTTPdata', 'HTTPSdata', 'TFTPdata']) mkdirSync(join(dataFolder, root))
  const folders = new DataFolders(dataFolder, { maxBytes: 1_000_000 })
  return { dataFolder, users, view: new SuperUserView(caller, 'mvuser', { folders, names, store: users }) }
}

test('d47: the super user starts at the top, sees the data folders, and works inside them only', async (t) => {
  const { dataFolder, view } = await superUser(t)
  assert.deepEqual(await namesIn(view, '/'), ['FTPdata', 'HTTPSdata', 'HTTPdata', 'TFTPdata'])
  await view.enter('/')
  await view.enter('/HTTPdata')
  for (const path of ['/.state', '/etc', '/HTTPdata/none'])
    await assert.rejects(view.enter(path), refusedAs('notFound', 'badName'), path)
  await store(view, '/HTTPdata/46xxsettings.txt', 'SET A 1\n')
  await store(view, '/HTTPdata/46xxsettings.txt', 'SET B 1\n', 'append')
  assert.equal(readFileSync(join(dataFolder, 'HTTPdata/46xxsettings.txt'), 'utf8'), 'SET A 1\nSET B 1\n')
  await assert.rejects(
    view.store('/46xxsettings.txt', 'replace'),
    refusedBecause('forbidden', /CWD HTTPdata/),
  )
  await assert.rejects(view.removeFolder('/HTTPdata'), refusedAs('forbidden'))
})

test('paths of the 2007 product, with data/ before the folder, mean the same', async (t) => {
  const { view } = await superUser(t)
  await view.enter('/data')
  await view.enter('/data/FTPdata')
  await store(view, '/data/TFTPdata/a.bin', 'firmware')
  assert.equal(await read(view, '/TFTPdata/a.bin'), 'firmware')
  assert.deepEqual(await namesIn(view, '/data/TFTPdata'), ['a.bin'])
})

test("users' files that the super user replaces keep their versions", async (t) => {
  const { users, view } = await superUser(t)
  await store(view, '/FTPdata/4711_96xxdata.txt', 'one')
  await store(view, '/FTPdata/4711_96xxdata.txt', 'two')
  assert.equal(await read(view, '/FTPdata/4711_96xxdata.txt'), 'two')
  const [file] = users.files()
  assert.ok(file)
  assert.equal(users.versions(file.name).length, 2)
  await view.rename('/FTPdata/4711_96xxdata.txt', '/FTPdata/4712_96xxdata.txt')
  assert.deepEqual(await namesIn(view, '/FTPdata'), ['4712_96xxdata.txt'])
  await assert.rejects(
    view.rename('/FTPdata/4712_96xxdata.txt', '/HTTPdata/x.txt'),
    refusedBecause('forbidden', /stays a backup/),
  )
  await store(view, '/FTPdata/upload.part', 'three')
  await view.rename('/FTPdata/upload.part', '/FTPdata/4712_96xxdata.txt')
  assert.equal(await read(view, '/FTPdata/4712_96xxdata.txt'), 'three')
  assert.deepEqual(await namesIn(view, '/FTPdata'), ['4712_96xxdata.txt'])
  await view.remove('/FTPdata/4712_96xxdata.txt')
  assert.equal(
    users.deleted().some(({ name }) => name === '4712_96xxdata.txt'),
    true,
  )
})

test('the address lists of the data folders can be stored and fetched', async (t) => {
  const { users, view } = await superUser(t)
  await store(view, '/FTPdata/FTP_allow_IP.txt', '10.0.0.0/8\n')
  assert.equal(await read(view, '/FTPdata/FTP_allow_IP.txt'), '10.0.0.0/8\n')
  assert.deepEqual(users.files(), [])
})
