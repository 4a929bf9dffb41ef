import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Alarms } from '../../../lib/base/alarms.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { FtpCopy, type FtpCopySettings } from '../../../lib/offsite/ftp-copy.ts'
import { MemoryStore } from '../../support/archived-store.ts'
import { TestClock } from '../../support/clock.ts'
import { startFakeFtp, type FakeFtp, type FakeFtpScript } from '../../support/fake-ftp.ts'
import { startPyftpd, withPyftpdlib } from '../../support/ftp-servers.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { until } from '../../support/until.ts'

const grace = () => AbortSignal.timeout(1_000)

interface Node {
  copy: FtpCopy
  store: MemoryStore
  clock: TestClock
  alarms: Alarms
  settings: FtpCopySettings
  /** The same node after a restart. */
  restarted: () => FtpCopy
  /** Lets time pass until the next round, and waits for its end. */
  round: (copy?: FtpCopy) => Promise<void>
}

async function setUp(
  t: TestContext,
  change: Partial<FtpCopySettings> & { port: number },
  isOurs = () => true,
): Promise<Node> {
  const settings: FtpCopySettings = {
    dataFolder: await temporaryFolder(t),
    host: '127.0.0.1',
    user: 'copy',
    password: 'correct horse',
    folder: '',
    tls: 'none',
    authorities: '',
    everyMinutes: 5,
    timeoutMs: 2_000,
    ...change,
  }
  const clock = new TestClock()
  const [store, alarms] = [new MemoryStore(), new Alarms({ clock, log: silentLog })]
  const make = () => {
    const copy = new FtpCopy(settings, { store, alarms, clock, log: silentLog, random: () => 0.5, isOurs })
    t.after(() => copy.stop(grace()))
    return copy
  }
  const first = make()
  const round = async (copy = first) => {
    const next = await until(() => copy.status().nextTryAt)
    clock.advance(Math.max(0, Date.parse(next) - clock.wallTime().getTime()))
    await until(() => {
      const now = copy.status().nextTryAt
      return now !== undefined && now !== next ? true : undefined
    })
  }
  return { copy: first, store, clock, alarms, settings, restarted: make, round }
}

const textOf = (fake: FakeFtp) =>
  Object.fromEntries([...fake.files].map(([name, bytes]) => [name, bytes.toString()]))
const stored = (fake: FakeFtp) => fake.commands.filter((line) => line.startsWith('STOR'))

async function withFake(t: TestContext, script: FakeFtpScript = {}) {
  const fake = await startFakeFtp(t, script)
  return { fake, node: await setUp(t, { port: fake.port }) }
}

test('what has changed is sent, and nothing twice, not after a restart either', async (t) => {
  const { fake, node } = await withFake(t)
  node.store.write('4711_96xxdata.txt', 'one')
  node.store.write('0004f2aabbcc/boot.log', 'two')
  await node.copy.start()
  assert.equal(node.copy.status().waiting, 2)
  await node.round()
  assert.deepEqual(textOf(fake), { '4711_96xxdata.txt': 'one', '0004f2aabbcc/boot.log': 'two' })
  assert.equal(node.copy.status().waiting, 0)
  node.store.write('4711_96xxdata.txt', 'newer')
  await node.round()
  await node.copy.stop(grace())
  const again = node.restarted()
  await again.start()
  await node.round(again)
  assert.equal(textOf(fake)['4711_96xxdata.txt'], 'newer')
  assert.equal(stored(fake).length, 3)
  assert.equal(
    fake.commands.filter((line) => line.startsWith('USER')).length,
    2,
    'no login when nothing is due',
  )
})

test('a deleted file stays on the other server, and the status says so', async (t) => {
  const { fake, node } = await withFake(t)
  node.store.write('4711_96xxdata.txt', 'kept there')
  await node.copy.start()
  await node.round()
  node.store.write('4711_96xxdata.txt', undefined)
  await node.round()
  assert.deepEqual(textOf(fake), { '4711_96xxdata.txt': 'kept there' })
  const { deletions, waiting, server } = node.copy.status()
  assert.deepEqual({ deletions, waiting }, { deletions: 'not copied', waiting: 0 })
  assert.equal(server, `ftp://copy@127.0.0.1:${fake.port}/`)
  const state = await readFile(join(node.settings.dataFolder, '.state/ftp-copy.json'), 'utf8')
  assert.match(state, /"sent":\[\]/, 'and it is forgotten here')
})

test('while the server is away, tries come in growing gaps; when it is back, everything is sent', async (t) => {
  const away = { now: true }
  const { fake, node } = await withFake(t, {
    on: (command) => (away.now && command === 'USER' ? '421 closed for repairs' : undefined),
  })
  node.store.write('4711_96xxdata.txt', 'x')
  await node.copy.start()
  const gaps: number[] = []
  for (let times = 1; times <= 4; times += 1) {
    await node.round()
    const { nextTryAt = '', lastError } = node.copy.status()
    assert.match(lastError ?? '', /421 closed for repairs/)
    gaps.push((Date.parse(nextTryAt) - node.clock.wallTime().getTime()) / 60_000)
  }
  assert.deepEqual(gaps, [1, 2, 4, 8])
  away.now = false
  await node.round()
  assert.deepEqual(textOf(fake), { '4711_96xxdata.txt': 'x' })
  const { lastError, lastSuccessAt, waiting } = node.copy.status()
  assert.deepEqual({ lastError, waiting }, { lastError: undefined, waiting: 0 })
  assert.ok(lastSuccessAt)
})

test('ten failed rounds are an alarm, and a good one ends it', async (t) => {
  const away = { now: true }
  const { node } = await withFake(t, {
    on: (command) => (away.now && command === 'USER' ? '421 closed for repairs' : undefined),
  })
  node.store.write('4711_96xxdata.txt', 'x')
  await node.copy.start()
  for (let times = 1; times <= 9; times += 1) await node.round()
  assert.deepEqual(node.alarms.list(), [])
  await node.round()
  assert.match(node.alarms.list()[0]?.text ?? '', /does not have all of it: cannot log in: 421 closed/)
  away.now = false
  await node.round()
  assert.deepEqual(node.alarms.list(), [])
})

test('a failing that began before a restart counts on: a day of it is an alarm', async (t) => {
  const { node } = await withFake(t, { greeting: '421 closed for repairs' })
  node.store.write('4711_96xxdata.txt', 'x')
  await node.copy.start()
  await node.round()
  await node.copy.stop(grace())
  node.clock.advance(86_400_000)
  const again = node.restarted()
  await again.start()
  await node.round(again)
  assert.equal(node.alarms.list().length, 1)
})

test('a refused login is an alarm at once, without the password in it', async (t) => {
  const { node } = await withFake(t, {
    on: (command, argument) => (command === 'PASS' ? `530 ${argument} is wrong` : undefined),
  })
  node.store.write('4711_96xxdata.txt', 'x')
  await node.copy.start()
  await node.round()
  assert.match(node.alarms.list()[0]?.text ?? '', /530 \[hidden\] is wrong/)
  assert.doesNotMatch(JSON.stringify([node.alarms.list(), node.copy.status()]), /horse/)
})

test('a file that is refused, and one that breaks the connection, do not keep the others back', async (t) => {
  const { fake, node } = await withFake(t, {
    on: (command, argument) => {
      if (command !== 'STOR') return undefined
      if (argument.startsWith('4711')) return '553 not that name'
      return argument.startsWith('4712') ? 'drop' : undefined
    },
  })
  for (const n of [1, 2, 3, 4]) node.store.write(`471${n}_96xxdata.txt`, String(n))
  await node.copy.start()
  await node.round()
  assert.deepEqual(textOf(fake), { '4713_96xxdata.txt': '3', '4714_96xxdata.txt': '4' })
  assert.equal(node.copy.status().waiting, 2)
  node.store.write('4715_96xxdata.txt', '5')
  fake.commands.length = 0
  await node.round()
  assert.match(stored(fake)[0] ?? '', /4715/, 'those that failed before come last')
})

test('a server that loses every connection is not asked for every file', async (t) => {
  const { fake, node } = await withFake(t, { on: (command) => (command === 'STOR' ? 'drop' : undefined) })
  for (let n = 10; n < 60; n += 1) node.store.write(`47${n}_96xxdata.txt`, 'x')
  await node.copy.start()
  await node.round()
  assert.equal(stored(fake).length, 2)
})

test('a server that refuses every file is not asked for every file', async (t) => {
  const { fake, node } = await withFake(t, { on: (command) => (command === 'STOR' ? '550 no' : undefined) })
  for (let n = 10; n < 60; n += 1) node.store.write(`47${n}_96xxdata.txt`, 'x')
  await node.copy.start()
  await node.round()
  assert.equal(stored(fake).length, 10)
})

test('a file that cannot be read here does not keep the others back', async (t) => {
  const { fake, node } = await withFake(t)
  node.store.write('4711_96xxdata.txt', 'lost')
  node.store.write('4712_96xxdata.txt', 'fine')
  const read = node.store.readVersion.bind(node.store)
  node.store.readVersion = async (name, seq) => {
    if (seq === 1) throw new Error('EIO: i/o error')
    return read(name, seq)
  }
  await node.copy.start()
  await node.round()
  assert.deepEqual(textOf(fake), { '4712_96xxdata.txt': 'fine' })
  assert.match(node.copy.status().lastError ?? '', /4711_96xxdata\.txt: cannot be read here: EIO/)
})

test('a stop lets the file at hand end, and begins no other', async (t) => {
  const reached = Promise.withResolvers<void>()
  const { fake, node } = await withFake(t, {
    on: (command) => {
      if (command === 'STOR') reached.resolve()
      return undefined
    },
  })
  for (const n of [1, 2]) node.store.write(`471${n}_96xxdata.txt`, 'x')
  await node.copy.start()
  node.copy.sendNow()
  await reached.promise
  await node.copy.stop(AbortSignal.timeout(10_000))
  assert.deepEqual(textOf(fake), { '4711_96xxdata.txt': 'x' })
  assert.equal(node.copy.status().lastError, undefined)
  await until(() => (fake.sessions() === 0 ? true : undefined))
})

test('a stop cuts off an upload that does not end within the grace', async (t) => {
  const reached = Promise.withResolvers<void>()
  const { node } = await withFake(t, {
    onData: () => {
      reached.resolve()
      return { freeze: true }
    },
  })
  node.store.write('4711_96xxdata.txt', Buffer.alloc(20_000_000))
  await node.copy.start()
  node.copy.sendNow()
  await reached.promise
  await node.copy.stop(AbortSignal.abort())
  assert.equal(node.copy.status().waiting, 1)
  assert.deepEqual(node.alarms.list(), [])
})

test('a state that is damaged, or about another server, means that everything is sent once more', async (t) => {
  const { fake, node } = await withFake(t)
  node.store.write('4711_96xxdata.txt', 'x')
  const path = join(node.settings.dataFolder, '.state/ftp-copy.json')
  await mkdir(join(node.settings.dataFolder, '.state'))
  await writeFile(path, '{"target":"ftp://')
  await node.copy.start()
  await node.round()
  assert.equal(stored(fake).length, 1)
  await node.copy.stop(grace())
  const saved = await readFile(path, 'utf8')
  assert.match(saved, /"sent":\[\["4711_96xxdata\.txt","[0-9a-f]{32}"\]\]/)
  assert.doesNotMatch(saved, /horse/)
  await writeFile(path, saved.replace('copy@', 'other@'))
  const again = node.restarted()
  await again.start()
  await node.round(again)
  assert.equal(stored(fake).length, 2)
})

test('settings that would become commands keep it from starting', async (t) => {
  const node = await setUp(t, { port: 1, folder: 'x\r\nDELE y' })
  await assert.rejects(node.copy.start(), /^Error: ftpCopy\.folder: has a control character/)
})

test('pyftpdlib that was away, and comes back, gets all of it', withPyftpdlib, async (t) => {
  const server = await startPyftpd(t)
  await server.stop()
  const node = await setUp(t, { port: server.port, folder: 'phones' })
  for (const n of [1, 2, 3]) node.store.write(`471${n}_96xxdata.txt`, `data of ${n}`)
  await node.copy.start()
  await node.round()
  assert.match(node.copy.status().lastError ?? '', /ECONNREFUSED/)
  const back = await startPyftpd(t, server.port)
  await node.round()
  for (const n of [1, 2, 3])
    assert.equal(await readFile(join(back.folder, `phones/471${n}_96xxdata.txt`), 'utf8'), `data of ${n}`)
})

test('where it cannot be noted what was sent, that is an alarm until it can', async (t) => {
  const { node } = await withFake(t)
  node.store.write('4711_96xxdata.txt', 'x')
  const state = join(node.settings.dataFolder, '.state')
  await node.copy.start()
  await writeFile(state, 'not a folder')
  await node.round()
  assert.match(node.alarms.list()[0]?.text ?? '', /cannot be noted down: .*(?:ENOTDIR|EEXIST)/)
  await rm(state)
  await node.round()
  assert.deepEqual(node.alarms.list(), [])
})

test('what failed and is gone is no failing any more', async (t) => {
  const away = { now: true }
  const { node } = await withFake(t, { on: () => (away.now ? '421 closed for repairs' : undefined) })
  node.store.write('4711_96xxdata.txt', 'x')
  await node.copy.start()
  await node.round()
  node.store.write('4711_96xxdata.txt', undefined)
  await node.round()
  node.clock.advance(2 * 86_400_000)
  node.store.write('4712_96xxdata.txt', 'x')
  await node.round()
  assert.deepEqual(node.alarms.list(), [])
})

test('nothing is sent as long as the other node sends it, and everything once this one is in charge', async (t) => {
  const fake = await startFakeFtp(t)
  let isOurs = false
  const node = await setUp(t, { port: fake.port }, () => isOurs)
  node.store.write('4711_96xxdata.txt', 'one')
  await node.copy.start()
  await node.round()
  assert.deepEqual(fake.commands, [])
  isOurs = true
  await node.round()
  assert.deepEqual(textOf(fake), { '4711_96xxdata.txt': 'one' })
})
