import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { perProtocol, type Protocol } from '../../../lib/base/protocol.ts'
import { AddressLists } from '../../../lib/files/address-lists.ts'
import { Admission } from '../../../lib/files/admission.ts'
import { FolderIndex } from '../../../lib/files/folder-index.ts'
import { HotFiles } from '../../../lib/files/hot-files.ts'
import { NearMiss } from '../../../lib/files/near-miss.ts'
import { ProbeFiles } from '../../../lib/files/probe-files.ts'
import { Refusal } from '../../../lib/files/refusal.ts'
import { rootOf } from '../../../lib/files/roots.ts'
import { FileService, type UserFiles } from '../../../lib/files/service.ts'
import { FileStore } from '../../../lib/files/store.ts'
import { TestClock } from '../../support/clock.ts'
import { writeFiles } from '../../support/file-store.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { inMemory } from '../../support/http.ts'
import { refusedAs } from '../../support/refused.ts'

async function serve(t: TestContext, files: Readonly<Record<string, string>>, maxClients = 0) {
  const folder = await temporaryFolder(t)
  for (const root of ['HTTPdata', 'HTTPSdata', 'TFTPdata', 'FTPdata']) await mkdir(join(folder, root))
  await writeFiles(folder, files)
  const clock = new TestClock()
  const log = silentLog
  const [hot, index] = [new HotFiles(1 << 20), new FolderIndex()]
  const admission = new Admission({ maxClients, sessionMs: 60_000 })
  const probes = new ProbeFiles()
  const service = new FileService({
    stores: perProtocol((protocol) => new FileStore(rootOf(folder, protocol), { hot, index, log })),
    lists: new AddressLists(folder, { alarms: new Alarms({ clock, log }) }),
    admission,
    nearMiss: new NearMiss(folder, { index, clock }),
    users: oneUser,
    probes,
    clock,
    log,
  })
  const caller = (address: string, protocol: Protocol = 'http') => ({ protocol, address, port: 80 })
  return {
    folder,
    clock,
    probes,
    service,
    read: (address: string, name: string, protocol?: Protocol) =>
      service.read(caller(address, protocol), name),
    slots: () => admission.clients(clock.now()).map(({ address }) => address),
  }
}

const settings = 'HTTPdata/46xxsettings.txt'
const list = 'HTTPdata/allow_IP.txt'

test('a phone gets the file it asks for, from the folder of the door it asked at', async (t) => {
  const { read } = await serve(t, { [settings]: 'over http', 'TFTPdata/46xxsettings.txt': 'over tftp' })
  const granted = await read('10.0.0.1', '46xxsettings.txt')
  assert.deepEqual(
    [granted.kind, granted.fallback, String(granted.file.content)],
    ['settings', false, 'over http'],
  )
  assert.equal(String((await read('10.0.0.1', '46xxsettings.txt', 'tftp')).file.content), 'over tftp')
  await assert.rejects(read('10.0.0.1', '46xxsettings.txt', 'ftp'), refusedAs('notFound'))
})

test('d70: a refused phone gets the safe minimum in place of settings and upgrade file, and it is marked', async (t) => {
  const { read } = await serve(t, {
    [settings]: 'all settings',
    'HTTPdata/46xxupgrade.scr': 'upgrade',
    'HTTPdata/fw.bin': 'firmware',
    'HTTPdata/fxd_settings.txt': 'safe settings',
    'HTTPdata/fxd_upgrade.scr': 'no upgrade',
    [list]: '10.0.0.1',
  })
  const answer = async (address: string, name: string) => {
    const { file, kind, fallback, detail } = await read(address, name)
    return { file: file.name, content: String(file.content), kind, fallback, detail }
  }
  const detail = `no line of ${list} holds 10.0.0.9`
  assert.deepEqual(await answer('10.0.0.9', '46XXsettings.txt'), {
    file: 'fxd_settings.txt',
    content: 'safe settings',
    kind: 'settings',
    fallback: true,
    detail,
  })
  assert.deepEqual(await answer('10.0.0.9', '96x1Supgrade.txt'), {
    file: 'fxd_upgrade.scr',
    content: 'no upgrade',
    kind: 'upgrade',
    fallback: true,
    detail,
  })
  assert.equal((await answer('10.0.0.1', '46xxsettings.txt')).content, 'all settings')
  await assert.rejects(read('10.0.0.9', 'fw.bin'), refusedAs('forbidden'))
})

test('d70: without a safe minimum a refused phone hears why it is refused', async (t) => {
  const { read } = await serve(t, { [settings]: 'all', [list]: '10.0.0.1' })
  await assert.rejects(read('10.0.0.9', '46xxsettings.txt'), refusedAs('forbidden'))
  await assert.rejects(
    read('10.0.0.9', 'missing.txt'),
    refusedAs('forbidden'),
    'and nothing of what is there',
  )
})

test('d70: who is refused for want of a slot gets the safe minimum too, or hears busy', async (t) => {
  const files = { [settings]: 'all', 'HTTPdata/fxd_settings.txt': 'safe', 'HTTPdata/fw.bin': 'fw' }
  const { read } = await serve(t, files, 1)
  assert(!(await read('10.0.0.1', '46xxsettings.txt')).fallback)
  const { fallback, file } = await read('10.0.0.2', '46xxsettings.txt')
  assert.deepEqual([fallback, String(file.content)], [true, 'safe'])
  await assert.rejects(read('10.0.0.2', 'fw.bin'), refusedAs('busy'))
})

test('d70: a safe minimum that may not be served is refused as what it is', async (t) => {
  const { folder, read } = await serve(t, { [settings]: 'all' }, 1)
  await writeFile(join(folder, 'outside.txt'), 'secret')
  await symlink('../outside.txt', join(folder, 'HTTPdata/fxd_settings.txt'))
  await read('10.0.0.1', '46xxsettings.txt')
  await assert.rejects(read('10.0.0.9', '46xxsettings.txt'), refusedAs('forbidden'))
})

test('a file that is there and may not be served is refused as what it is, whatever lies near', async (t) => {
  const { folder, read } = await serve(t, { 'HTTPdata/a.txt': 'near' })
  await writeFile(join(folder, 'outside.txt'), 'secret')
  await symlink('../outside.txt', join(folder, 'HTTPdata/a.scr'))
  await assert.rejects(read('10.0.0.1', 'a.scr'), refusedAs('forbidden'))
})

test('a slot is taken by who may download, also for a file that is not there, and by nobody else', async (t) => {
  const { read, slots } = await serve(
    t,
    { [settings]: 'all', [list]: '10.0.0.1\n10.0.0.2\n10.0.0.3\n10.0.0.4' },
    10,
  )
  await assert.rejects(read('10.0.0.1', '../etc/passwd'), refusedAs('badName'))
  await assert.rejects(read('10.0.0.2', 'allow_IP.txt'), refusedAs('forbidden'))
  await assert.rejects(read('10.0.0.9', '46xxsettings.txt'), refusedAs('forbidden'))
  assert.deepEqual(slots(), [])
  await read('10.0.0.3', '46xxsettings.txt')
  await assert.rejects(read('10.0.0.4', 'missing.txt'), refusedAs('notFound'))
  assert.deepEqual(slots(), ['10.0.0.3', '10.0.0.4'])
})

test('d29: slots are shared by all doors, and free again after the session time', async (t) => {
  const { read, clock } = await serve(t, { [settings]: 'all', 'TFTPdata/46xxsettings.txt': 'all' }, 1)
  await read('10.0.0.1', '46xxsettings.txt')
  await assert.rejects(read('10.0.0.2', '46xxsettings.txt', 'tftp'), refusedAs('busy'))
  await read('10.0.0.1', '46xxsettings.txt', 'tftp')
  clock.advance(60_000)
  await read('10.0.0.2', '46xxsettings.txt', 'tftp')
})

test('d11: a forbidden file is refused without a look at whether it is there', async (t) => {
  const { read } = await serve(t, { 'HTTPdata/server.key': 'k' })
  const details = []
  for (const name of ['server.key', 'missing.key', 'allow_IP.txt'])
    details.push(
      await read('10.0.0.1', name).catch((error: unknown) => error instanceof Refusal && error.detail),
    )
  assert.deepEqual(new Set(details), new Set(['files of this kind are never served']))
})

test('d13: folders are not found, with and without a slash', async (t) => {
  const { read } = await serve(t, { 'HTTPdata/firmware/fw.bin': 'fw' })
  for (const name of ['', 'firmware', 'firmware/'])
    await assert.rejects(read('10.0.0.1', name), refusedAs('notFound'))
})

test('a miss says what there is instead, and keeps its reason', async (t) => {
  const { read } = await serve(t, { 'HTTPdata/46xxupgrade.txt': 'x', 'HTTPSdata/a.bin': 'x' })
  await assert.rejects(read('10.0.0.1', '46xxupgrade.scr'), {
    reason: 'notFound',
    detail: 'there is a 46xxupgrade.txt',
  })
  await assert.rejects(read('10.0.0.1', 'a.bin'), { reason: 'notFound', detail: /^it lies in HTTPSdata/ })
  await assert.rejects(read('10.0.0.1', 'b.bin'), { reason: 'notFound', detail: /^there is no b\.bin in / })
})

/** Owns what is called `4711_96xxdata.txt`, wherever it is asked for. */
const oneUser: UserFiles = {
  owns: (name) => name.endsWith('4711_96xxdata.txt'),
  read: async () => inMemory('4711_96xxdata.txt', 'speed dials'),
  save: async () => {
    throw new Refusal('tooLarge', 'asked the users')
  },
  remove: async () => {
    throw new Refusal('notFound', 'asked the users')
  },
}

test("a user's file comes from the users, not from the folder of the door", async (t) => {
  const { read } = await serve(t, { 'HTTPdata/4711_96xxdata.txt': 'of everybody' })
  const granted = await read('10.0.0.1', '4711_96xxdata.txt')
  assert.deepEqual([granted.kind, String(granted.file.content)], ['backup', 'speed dials'])
})

test("d56, d57: what is no user's file is not written to or taken away by anybody", async (t) => {
  const { service, slots } = await serve(t, { [settings]: 'all settings' })
  const caller = { protocol: 'http', address: '10.0.0.1', port: 80 } as const
  for (const name of ['46xxsettings.txt', 'new.txt', '4711_96xxdata.bin', 'firmware/4711.txt']) {
    await assert.rejects(service.save(caller, name, {}, 10), refusedAs('forbidden'), name)
    await assert.rejects(service.remove(caller, name, {}), refusedAs('forbidden'), name)
  }
  await assert.rejects(service.save(caller, '../4711_96xxdata.txt', {}, 10), refusedAs('badName'))
  assert.deepEqual(slots(), [])
  await assert.rejects(service.save(caller, '4711_96xxdata.txt', {}, 10), refusedAs('tooLarge'))
  await assert.rejects(service.remove(caller, '4711_96xxdata.txt', {}), refusedAs('notFound'))
})

test("session control counts those who come for users' files too", async (t) => {
  const { service, read } = await serve(t, {}, 1)
  await read('10.0.0.1', '4711_96xxdata.txt')
  await assert.rejects(read('10.0.0.2', '4711_96xxdata.txt'), refusedAs('busy'))
  const other = { protocol: 'http', address: '10.0.0.2', port: 80 } as const
  await assert.rejects(service.save(other, '4711_96xxdata.txt', {}, 10), refusedAs('busy'))
})

test('d109: the check file of the current watchdog takes no slot, and is read when all are taken', async (t) => {
  const check = 'watchdog-0123456789abcdef.txt'
  const { probes, read, slots } = await serve(t, { [settings]: 's', [`HTTPdata/${check}`]: 'random' }, 1)
  probes.begin('0123456789abcdef')
  assert.equal(String((await read('127.6.9.1', check)).file.content), 'random')
  assert.deepEqual(slots(), [])
  await read('10.0.0.1', '46xxsettings.txt')
  assert.equal(String((await read('127.6.9.1', check)).file.content), 'random')
  await assert.rejects(read('127.6.9.1', 'watchdog-00000000000000aa.txt'), refusedAs('busy'))
})
