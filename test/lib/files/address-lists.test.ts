import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { Alarms } from '../../../lib/base/alarms.ts'
import { silentLog } from '../../../lib/base/log.ts'
import type { Protocol } from '../../../lib/base/protocol.ts'
import { AddressLists } from '../../../lib/files/address-lists.ts'
import { TestClock } from '../../support/clock.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { needsRoot } from '../../support/programs.ts'

const http = 'HTTPdata/HTTP_allow_IP.txt'
const generic = 'HTTPdata/allow_IP.txt'

interface Site {
  folder: string
  write: (path: string, text: string) => void
  remove: (path: string) => void
  /** The node is started anew; what it shows from then on is the new one's. */
  restart: () => void
  /** `open` without a list, else whether the address is let in. */
  ask: (address: string, protocol?: Protocol) => 'open' | 'in' | 'out'
  why: (address: string) => string | undefined
  reload: () => void
  alarms: () => string[]
}

/** A node with these lists, started after they were written. */
async function site(t: TestContext, files: Readonly<Record<string, string>> = {}): Promise<Site> {
  const folder = await temporaryFolder(t)
  for (const root of ['HTTPdata', 'HTTPSdata', 'TFTPdata', 'FTPdata']) mkdirSync(join(folder, root))
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text)
  for (const [path, text] of Object.entries(files)) write(path, text)
  const start = () => {
    const alarms = new Alarms({ clock: new TestClock(), log: silentLog })
    return { alarms, lists: new AddressLists(folder, { alarms }) }
  }
  let node = start()
  return {
    folder,
    write,
    remove: (path) => rmSync(join(folder, path)),
    restart: () => (node = start()),
    ask(address, protocol = 'http') {
      const verdict = node.lists.verdict(protocol, address)
      return verdict === undefined ? 'open' : verdict.allowed ? 'in' : 'out'
    },
    why: (address) => node.lists.verdict('http', address)?.why,
    reload: () => node.lists.reload(),
    alarms: () => node.alarms.list().map(({ text }) => text),
  }
}

test('without a list a door is open to all', async (t) => {
  const { ask, alarms } = await site(t)
  assert.equal(ask('10.0.0.1'), 'open')
  assert.deepEqual(alarms(), [])
})

test('data folders that are missing are open doors, and nothing is made', async (t) => {
  const folder = join(await temporaryFolder(t), 'missing')
  const lists = new AddressLists(folder, { alarms: new Alarms({ clock: new TestClock(), log: silentLog }) })
  assert.equal(lists.verdict('http', '10.0.0.1'), undefined)
  assert(!existsSync(folder))
})

test('the generic list counts for its own folder only', async (t) => {
  const { ask } = await site(t, { [generic]: '10.0.0.0/8' })
  assert.equal(ask('10.0.0.1'), 'in')
  assert.equal(ask('192.168.0.1'), 'out')
  assert.equal(ask('192.168.0.1', 'https'), 'open')
})

test('the specific list beats the generic one, whichever lets in more', async (t) => {
  const { ask, why } = await site(t, { [generic]: '10.0.0.0/8', [http]: '10.0.0.1\n192.168.0' })
  assert.equal(ask('10.0.0.1'), 'in')
  assert.equal(ask('10.0.0.2'), 'out')
  assert.equal(ask('192.168.0.77'), 'in')
  assert.equal(why('10.0.0.2'), `no line of ${http} holds 10.0.0.2`)
  assert.equal(why('192.168.0.77'), `line 2 of ${http}: 192.168.0`)
})

test('each door has a list of its own', async (t) => {
  const { ask } = await site(t, {
    [http]: '10.0.0.1',
    'HTTPSdata/HTTPS_allow_IP.txt': '10.0.0.2',
    'TFTPdata/TFTP_allow_IP.txt': '10.0.0.3',
    'FTPdata/FTP_allow_IP.txt': '10.0.0.4',
    'HTTPSdata/HTTP_allow_IP.txt': '10.0.0.9', // of another door, so no list here
  })
  const doors = (address: string) =>
    (['http', 'https', 'tftp', 'ftp'] as const).map((door) => ask(address, door))
  assert.deepEqual(doors('10.0.0.1'), ['in', 'out', 'out', 'out'])
  assert.deepEqual(doors('10.0.0.2'), ['out', 'in', 'out', 'out'])
  assert.deepEqual(doors('10.0.0.3'), ['out', 'out', 'in', 'out'])
  assert.deepEqual(doors('10.0.0.4'), ['out', 'out', 'out', 'in'])
  assert.deepEqual(doors('10.0.0.9'), ['out', 'out', 'out', 'out'])
})

test('a list without entries lets nobody in', async (t) => {
  const { ask, alarms } = await site(t, { [generic]: '# nobody today\n' })
  assert.equal(ask('10.0.0.1'), 'out')
  assert.deepEqual(alarms(), [])
})

test('d87: an address of a phone that came over an IPv6 socket is its IPv4 address', async (t) => {
  const { ask } = await site(t, { [generic]: '10.0.0.0/8\n2001:db8::/32' })
  assert.equal(ask('::ffff:10.0.0.1'), 'in')
  assert.equal(ask('2001:db8::1'), 'in')
  assert.equal(ask('fe80::1'), 'out')
})

test('a list that comes, is edited or makes room for another counts from the next request on', async (t) => {
  const { ask, write, alarms } = await site(t)
  write(generic, '10.0.0.1')
  assert.equal(ask('10.0.0.2'), 'out')
  write(generic, '10.0.0.2')
  assert.equal(ask('10.0.0.2'), 'in')
  assert.equal(ask('10.0.0.1'), 'out')
  write(http, '10.0.0.1')
  assert.equal(ask('10.0.0.2'), 'out')
  assert.equal(ask('10.0.0.1'), 'in')
  assert.deepEqual(alarms(), [])
})

test('an edit that keeps size and date counts', async (t) => {
  const { folder, ask, write } = await site(t, { [generic]: '10.0.0.1' })
  utimesSync(join(folder, generic), 1_000, 1_000)
  assert.equal(ask('10.0.0.1'), 'in')
  write(generic, '10.0.0.2')
  utimesSync(join(folder, generic), 1_000, 1_000)
  assert.equal(ask('10.0.0.1'), 'out')
})

test('d88: a damaged list leaves the last good one in force, with an alarm until it is mended', async (t) => {
  const { ask, write, alarms } = await site(t, { [generic]: '10.0.0.1' })
  write(generic, '10.0.0.1\n010.0.0.2\n')
  assert.equal(ask('10.0.0.1'), 'in')
  assert.equal(ask('10.0.0.2'), 'out')
  assert.match(
    alarms().join(),
    /^HTTPdata\/allow_IP\.txt cannot be used, so the last good list stays in force: line 2: /,
  )
  write(generic, '10.0.0.2')
  assert.equal(ask('10.0.0.2'), 'in')
  assert.deepEqual(alarms(), [])
})

test('d88: the alarm over a damaged list does not wait for a request', async (t) => {
  const { alarms } = await site(t, { [generic]: 'all of them' })
  assert.equal(alarms().length, 1)
})

test('d88: a list that vanishes stays in force, with an alarm, until reload says that it is gone for good', async (t) => {
  const { ask, remove, reload, alarms } = await site(t, { [generic]: '10.0.0.1' })
  remove(generic)
  for (let request = 0; request < 3; request++) assert.equal(ask('10.0.0.2'), 'out')
  assert.equal(ask('10.0.0.1'), 'in')
  assert.deepEqual(alarms(), [
    `${generic} is gone; the list read last stays in force until \`twintone reload\``,
  ])
  reload()
  assert.equal(ask('10.0.0.2'), 'open')
  assert.deepEqual(alarms(), [])
})

test('d88: a list that was away for a while, alone or with its folder, counts again, and the alarm is over', async (t) => {
  const { folder, ask, alarms } = await site(t, { [generic]: '10.0.0.1' })
  for (const path of [generic, 'HTTPdata']) {
    renameSync(join(folder, path), join(folder, 'away'))
    assert.equal(ask('10.0.0.2'), 'out')
    assert.equal(alarms().length, 1)
    renameSync(join(folder, 'away'), join(folder, path))
    assert.equal(ask('10.0.0.2'), 'out')
    assert.equal(ask('10.0.0.1'), 'in')
    assert.deepEqual(alarms(), [])
  }
})

test('d88: a specific list that vanishes does not make room for a generic one that lets in more', async (t) => {
  const { ask, remove } = await site(t, { [http]: '10.0.0.1', [generic]: '0.0.0.0/0' })
  remove(http)
  assert.equal(ask('10.0.0.2'), 'out')
})

test('d88: after a restart a damaged list is what it was when it was last good', async (t) => {
  const { ask, write, restart, alarms } = await site(t, {
    [generic]: '10.0.0.1',
    'TFTPdata/allow_IP.txt': '10.0.0.3',
  })
  write(generic, '10.0.0.2')
  assert.equal(ask('10.0.0.2'), 'in')
  write(generic, 'damaged')
  restart()
  assert.equal(ask('10.0.0.2'), 'in')
  assert.equal(ask('10.0.0.1'), 'out')
  assert.equal(alarms().length, 1)
})

test('d88: a damaged list of which no good one is known lets nobody in, and says so', async (t) => {
  const { ask, alarms } = await site(t, { [http]: '10.0.0.1-', [generic]: '0.0.0.0/0' })
  assert.equal(ask('10.0.0.1'), 'out')
  assert.match(alarms().join(), /cannot be used, so nobody is let in: line 1: /)
})

test('d88: a reload does not lose the last good list of a damaged one, though there is no copy of it on disk', async (t) => {
  const { folder, ask, write, reload } = await site(t)
  writeFileSync(join(folder, '.state'), 'no folder, so no copies')
  write(generic, '10.0.0.1')
  assert.equal(ask('10.0.0.1'), 'in')
  write(generic, 'damaged')
  reload()
  assert.equal(ask('10.0.0.1'), 'in')
  assert.equal(ask('10.0.0.2'), 'out')
})

test('d88: a list taken away with a reload is not remembered when a damaged one takes its place', async (t) => {
  const { ask, write, remove, reload, restart } = await site(t, { [generic]: '10.0.0.1' })
  remove(generic)
  reload()
  write(generic, 'damaged')
  assert.equal(ask('10.0.0.1'), 'out')
  restart()
  assert.equal(ask('10.0.0.1'), 'out')
})

test('d88: a list that vanished while the server was down stays in force after the restart, until a reload', async (t) => {
  const { ask, remove, reload, restart, alarms } = await site(t, { [generic]: '10.0.0.1' })
  remove(generic)
  restart()
  assert.equal(ask('10.0.0.2'), 'out')
  assert.equal(alarms().length, 1)
  reload()
  assert.equal(ask('10.0.0.2'), 'open')
})

test('d88: a link that leads nowhere is a list that cannot be read, not an open door', async (t) => {
  const { folder, ask, restart, alarms } = await site(t)
  symlinkSync('elsewhere.txt', join(folder, generic))
  symlinkSync('HTTP_allow_IP.txt', join(folder, http))
  restart()
  assert.equal(ask('10.0.0.1'), 'out')
  assert.equal(alarms().length, 2)
  rmSync(join(folder, http))
  writeFileSync(join(folder, 'HTTPdata/elsewhere.txt'), '10.0.0.1')
  restart()
  assert.equal(ask('10.0.0.1'), 'in')
})

test('d88: a folder or a FIFO with the name of a list lets nobody in and holds nobody up', async (t) => {
  const { folder, ask, restart, alarms } = await site(t)
  mkdirSync(join(folder, generic))
  await promisify(execFile)('mkfifo', [join(folder, 'TFTPdata/allow_IP.txt')])
  restart()
  assert.equal(ask('10.0.0.1'), 'out')
  assert.equal(ask('10.0.0.1', 'tftp'), 'out')
  assert.equal(alarms().length, 2)
})

test(
  'd88: a list that could not be read is tried again, without waiting for an edit',
  needsRoot('become somebody'),
  async (t) => {
    const { folder, ask, restart, alarms } = await site(t, { [generic]: '10.0.0.1' })
    rmSync(join(folder, '.state'), { recursive: true })
    chmodSync(folder, 0o755)
    chmodSync(join(folder, generic), 0o600)
    process.seteuid?.(65_534)
    try {
      restart()
      assert.equal(ask('10.0.0.1'), 'out')
      assert.match(alarms().join(), /nobody is let in: EACCES/)
    } finally {
      process.seteuid?.(0)
    }
    assert.equal(ask('10.0.0.1'), 'in')
    assert.deepEqual(alarms(), [])
  },
)

test('a damaged list is read once, not for every request', async (t) => {
  const { ask, write } = await site(t, { [generic]: '10.0.0.1' })
  write(generic, 'damaged')
  const raise = t.mock.method(Alarms.prototype, 'raise')
  for (let request = 0; request < 10; request++) ask('10.0.0.1')
  assert.equal(raise.mock.callCount(), 1)
})

test('d88: a list in a spelling that is not read raises an alarm when it is looked for', async (t) => {
  const { ask, remove, reload, alarms } = await site(t, { 'HTTPdata/Allow_ip.txt': '10.0.0.1' })
  assert.equal(ask('10.0.0.2'), 'open')
  assert.deepEqual(alarms(), ['Allow_ip.txt is not read: write it HTTP_allow_IP.txt or allow_IP.txt'])
  remove('HTTPdata/Allow_ip.txt')
  reload()
  assert.deepEqual(alarms(), [])
})

test('a process that only looks, as `twintone allow test`, changes nothing on disk while the lists are as they were', async (t) => {
  const { folder, restart, remove } = await site(t, { [generic]: '10.0.0.1' })
  const copy = join(folder, '.state/address-lists/HTTPdata-allow_IP.txt')
  utimesSync(copy, 1_000, 1_000)
  restart()
  assert.equal(statSync(copy).mtimeMs, 1_000_000)
  remove(generic)
  restart()
  assert(existsSync(copy))
})
