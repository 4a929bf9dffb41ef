import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../../lib/base/clock.ts'
import { SystemdNotify, type NotifyParts } from '../../watchdog/notify.ts'
import { temporaryFolder } from '../support/folder.ts'
import { follow } from '../support/program.ts'
import { programFile } from '../support/program-file.ts'
import { recordingLog } from '../support/recording-log.ts'
import { until } from '../support/until.ts'

/** As systemd does: a datagram socket, and each datagram a line. `@` stands for a name without a file. */
const receiver = `
  $| = 1; use Socket; my $name = $ARGV[0]; $name =~ s/^@/\\0/;
  socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($name)) or die;
  print "listening\\n"; while (defined recv($s, my $d, 4096, 0)) { print "<$d>\\n" }
`

async function systemd(t: TestContext, name?: string) {
  const socket = name ?? join(await temporaryFolder(t), 'notify')
  const child = spawn('/usr/bin/perl', ['-e', receiver, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const program = follow(child)
  await program.says('listening')
  const heard = () => [...program.output().matchAll(/<(.*)>/g)].map(([, text]) => text)
  return {
    socket,
    heard,
    hears: (count: number) => until(() => (heard().length >= count ? heard() : undefined)),
  }
}

function notifyOf(t: TestContext, socket: string | undefined, parts: Partial<NotifyParts> = {}) {
  const { log, events } = recordingLog()
  const notify = new SystemdNotify(socket, { clock: systemClock, log, ...parts })
  t.after(() => notify.close())
  return { notify, events }
}

const ownChildren = () =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)

const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')

/** Perls that send, and not those that receive. */
const helpers = () =>
  ownChildren().filter((pid) => commandOf(pid).some((part) => part.includes('MSG_DONTWAIT')))

test('systemd hears that we are up, alive, how we are, and that we stop, in this order', async (t) => {
  const { socket, hears } = await systemd(t)
  const { notify } = notifyOf(t, socket)
  notify.ready()
  notify.rounds(60_000)
  notify.status('9 of 9 well')
  notify.alive()
  notify.stopping()
  assert.deepEqual(await hears(5), [
    'READY=1',
    'WATCHDOG_USEC=180000000',
    'STATUS=9 of 9 well',
    'WATCHDOG=1',
    'STOPPING=1',
  ])
})

test('a socket without a file is reached too', async (t) => {
  const { socket, hears } = await systemd(t, `@twintone-test-${process.pid}`)
  notifyOf(t, socket).notify.ready()
  assert.deepEqual(await hears(1), ['READY=1'])
})

test('a status of several lines cannot say anything else', async (t) => {
  const { socket, hears } = await systemd(t)
  notifyOf(t, socket).notify.status('tftp 69 is down\nMAINPID=1\u0000')
  assert.deepEqual(await hears(1), ['STATUS=tftp 69 is down\\x0aMAINPID=1\\x00'])
})

test('without NOTIFY_SOCKET nothing is said and nothing is started', async (t) => {
  const witness = join(await temporaryFolder(t), 'started')
  const systemdNotify = await programFile(t, `touch ${witness}`)
  for (const socket of [undefined, '']) {
    const { notify } = notifyOf(t, socket, { systemdNotify })
    notify.ready()
    await setImmediate()
    assert.deepEqual(helpers(), [])
    await notify.close()
  }
  assert.equal(existsSync(witness), false)
})

test('one helper serves for all, and ends when we close', async (t) => {
  const { socket, hears } = await systemd(t)
  const { notify } = notifyOf(t, socket)
  for (let round = 1; round <= 20; round++) {
    notify.alive()
    await hears(round) // the kernel may keep no more than ten unread ones (net.unix.max_dgram_qlen)
  }
  assert.equal(helpers().length, 1)
  await notify.close()
  assert.deepEqual(helpers(), [])
})

test('a helper that dies does not hurt: another is started', async (t) => {
  const { socket, hears } = await systemd(t)
  let now = 0
  const clock = { ...systemClock, now: () => now }
  const { notify, events } = notifyOf(t, socket, { clock })
  notify.ready()
  await hears(1)
  now += 60_000
  process.kill(helpers()[0] ?? 0, 'SIGKILL')
  await until(() => events('notify helper ended')[0])
  notify.alive()
  assert.deepEqual(await hears(2), ['READY=1', 'WATCHDOG=1'])
})

test('without perl, or with one that dies at once, systemd-notify says it', async (t) => {
  const said = join(await temporaryFolder(t), 'said')
  const systemdNotify = await programFile(t, `echo "$NOTIFY_SOCKET $1" >> ${said}`)
  const lines = (count: number) =>
    until(() => {
      const text = existsSync(said) ? readFileSync(said, 'utf8') : ''
      return text.split('\n').length > count ? text.trimEnd().split('\n') : undefined
    })
  const missing = notifyOf(t, '/run/x', { perl: '/no/such/perl', systemdNotify })
  missing.notify.ready()
  missing.notify.alive()
  assert.deepEqual(await lines(2), ['/run/x READY=1', '/run/x WATCHDOG=1'])
  const dying = notifyOf(t, '/run/y', { perl: '/bin/false', systemdNotify })
  dying.notify.ready()
  assert.equal((await lines(3))[2], '/run/y READY=1')
})

test('a socket that nobody reads any more does not hurt', async (t) => {
  const { notify } = notifyOf(t, join(await temporaryFolder(t), 'nobody'))
  for (let round = 0; round < 1_000; round++) notify.alive()
  await notify.close()
})
