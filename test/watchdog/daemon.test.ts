import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startMailServer, type MailServer, type ReceivedMail } from '../support/mail-server.ts'
import { needsRoot, withProgram } from '../support/programs.ts'
import { startRsyslog } from '../support/rsyslog.ts'
import { until } from '../support/until.ts'
import { startWatchedNode, type WatchedNode } from '../support/watched-node.ts'

/** Against a real file server process and a real SMTP server. */

const mailSettings = ({ port }: MailServer) =>
  `[alertMail]\nhost = "127.0.0.1"\nport = ${port}\ntls = "none"\nto = ["operator@example.com"]\nperHour = 1000\nfrom = "critical"\n`

const subjects = ({ mails }: MailServer) => mails.map(({ headers }) => headers['subject'] ?? '')
const about = (server: MailServer, pattern: RegExp): ReceivedMail[] =>
  server.mails.filter(({ headers }) => pattern.test(headers['subject'] ?? ''))

/** Sends a signal to the file server as it runs now. */
async function signal(node: WatchedNode, name: NodeJS.Signals): Promise<void> {
  process.kill((await node.snapshot()).process.pid, name)
}

const served = (node: WatchedNode) =>
  until(async () => {
    const url = `http://127.0.0.1:${node.ports.http}/nothing.txt`
    const answer = await fetch(url, { signal: AbortSignal.timeout(500) }).catch(() => undefined)
    return answer?.status === 404 ? true : undefined
  }, 30_000)

for (const [how, name] of [
  ['killed', 'SIGKILL'],
  ['stopped', 'SIGSTOP'],
] as const) {
  test(`a file server that is ${how} is restarted once, and a person reads of it and of the end`, async (t) => {
    const smtp = await startMailServer(t)
    const node = await startWatchedNode(t, { settings: mailSettings(smtp) })
    await node.well()
    await signal(node, name)
    await until(() => (node.view().probes.some(({ state }) => state === 'down') ? true : undefined), 30_000)
    await served(node)
    await node.well()
    await until(() => about(smtp, /well again/)[0], 60_000)
    assert.equal(node.cures().filter((cure) => !cure.endsWith('failed')).length, 1, node.cures().join('; '))
    assert.match(node.cures()[0] ?? '', /^graceful file server/)
    assert.equal(smtp.mails.length, 2, subjects(smtp).join('; '))
    assert.match(subjects(smtp)[0] ?? '', /pbx-a.*file server/)
    assert.ok(existsSync(join(node.folder, 'data/.state/watchdog/evidence')))
    const [incident] = node.view().closed.filter(({ told }) => told === 'down')
    assert.equal(incident?.tried.length, 1)
  })
}

for (const [how, name, why] of [
  ['is deaf', 'SIGUSR1', /no answer|nothing/],
  ['serves what another server would', 'SIGUSR2', /another program may be answering/],
] as const) {
  test(`a TFTP door that ${how} is opened anew, and nothing else is touched`, async (t) => {
    const smtp = await startMailServer(t)
    const node = await startWatchedNode(t, { settings: mailSettings(smtp) })
    await node.well()
    const { pid } = (await node.snapshot()).process
    await signal(node, name)
    await until(() => (node.view().probes.some(({ state }) => state === 'down') ? true : undefined), 30_000)
    await node.well()
    await until(() => (smtp.mails.length >= 2 ? true : undefined), 60_000)
    assert.deepEqual(node.cures(), [`reopen tftp ${node.ports.tftp}`])
    assert.equal((await node.snapshot()).process.pid, pid)
    assert.equal(smtp.mails.length, 2, subjects(smtp).join('; '))
    assert.match(subjects(smtp)[0] ?? '', /tftp/i)
    const [incident] = node.view().closed.filter(({ told }) => told === 'down')
    assert.match(incident?.why ?? '', why)
  })
}

test('d109: probes leave no file, no version and no count behind', async (t) => {
  const node = await startWatchedNode(t)
  await node.well()
  await delay(4_000)
  const { totals, users } = await node.snapshot()
  await node.stop()
  assert.deepEqual(totals, {})
  assert.equal(users.files, 0)
  for (const folder of ['HTTPdata', 'TFTPdata', 'FTPdata', '.state/versions', '.state/staging'])
    assert.deepEqual(readdirSync(join(node.folder, 'data', folder)), [], folder)
})

test('d113: a door that flaps costs no more than its budget, and no storm of mail', async (t) => {
  const smtp = await startMailServer(t)
  const node = await startWatchedNode(t, { settings: mailSettings(smtp), env: { FLAPPING: 'yes' } })
  await delay(45_000)
  const reopened = node.cures().filter((cure) => cure.startsWith('reopen'))
  const restarted = node.cures().filter((cure) => !cure.startsWith('reopen'))
  assert.ok(reopened.length <= 6, node.cures().join('; '))
  assert.ok(restarted.length <= 3, node.cures().join('; '))
  assert.ok(smtp.mails.length <= 12, subjects(smtp).join('; '))
  assert.ok(smtp.mails.length >= 1)
})

test('d114: while the mail server is down nothing is lost and nothing waits for it', async (t) => {
  const smtp = await startMailServer(t)
  const { port } = smtp
  await smtp.close()
  const node = await startWatchedNode(t, { settings: mailSettings(smtp) })
  await node.well()
  await signal(node, 'SIGKILL')
  await until(() => (node.view().probes.some(({ state }) => state === 'down') ? true : undefined), 30_000)
  await served(node)
  const back = await startMailServer(t, { port })
  await until(() => (back.mails.length >= 2 ? true : undefined), 90_000)
  assert.match(subjects(back)[0] ?? '', /file server/)
  assert.equal(back.mails.length, 2)
})

test('a watchdog that is silent is missed by the file server, which raises an alarm', async (t) => {
  const node = await startWatchedNode(t)
  await node.well()
  const { pid } = (await node.snapshot()).process
  const alarms = async () => (await node.snapshot()).alarms.map(({ subject }) => subject)
  assert.deepEqual(await alarms(), [])
  await node.fallSilent()
  await until(async () => ((await alarms()).includes('watchdog') ? true : undefined), 30_000)
  assert.equal((await node.snapshot()).process.pid, pid)
})

test('a certificate that has ended is told, and nothing is restarted for it', async (t) => {
  const smtp = await startMailServer(t)
  const node = await startWatchedNode(t, { settings: mailSettings(smtp), httpsDays: -0.5 })
  await until(
    () =>
      node.view().open.some(({ probe, told }) => probe.startsWith('certificate') && told !== undefined)
        ? true
        : undefined,
    90_000,
  )
  await delay(4_000)
  const https = node.view().probes.find(({ name }) => name.startsWith('https '))
  assert.equal(https?.state, 'ok')
  assert.deepEqual(node.cures(), [])
  const [incident] = node.view().open.filter(({ probe }) => probe.startsWith('certificate'))
  assert.match(incident?.why ?? '', /pbx-a\.example\.com ended on/)
})

test('syslog is told of the same incident, from down to recovery', withProgram('rsyslogd'), async (t) => {
  const rsyslog = await startRsyslog(t, 'udp')
  const node = await startWatchedNode(t, {
    settings: `[alertSyslog]\nlocal = false\nhost = "127.0.0.1"\nport = ${rsyslog.port}\nfrom = "critical"\n`,
  })
  await node.well()
  await signal(node, 'SIGKILL')
  await until(() => (rsyslog.received().some(({ kind }) => kind === 'recovered') ? true : undefined), 60_000)
  assert.deepEqual(
    rsyslog.received().map(({ kind }) => kind),
    ['down', 'recovered'],
  )
  const incidents = new Set(
    rsyslog.received().map(({ structured }) => /incident="([^"]+)"/.exec(structured)?.[1]),
  )
  assert.equal(incidents.size, 1)
})

test(
  'd116: a full disk is told as such, and no door is opened anew for it',
  needsRoot('mount a tmpfs'),
  async (t) => {
    const smtp = await startMailServer(t)
    const node = await startWatchedNode(t, { settings: mailSettings(smtp), dataOnTmpfs: '24m' })
    await node.well()
    const { pid } = (await node.snapshot()).process
    const filler = join(node.folder, 'data', 'filler')
    await fill(filler)
    await until(
      () =>
        node.view().probes.some(({ name, state }) => name === 'disk of data' && state === 'down')
          ? true
          : undefined,
      60_000,
    )
    await delay(6_000)
    assert.deepEqual(node.cures(), [])
    assert.equal((await node.snapshot()).process.pid, pid)
    assert.ok(node.view().open.some(({ probe, told }) => probe === 'disk of data' && told !== undefined))
    await rm(filler)
    await node.well()
  },
)

/** Writes until there is no space left. */
async function fill(path: string): Promise<void> {
  const handle = await open(path, 'w')
  try {
    for (;;) await handle.write(Buffer.alloc(1 << 20))
  } catch {
    // that is what was wanted
  } finally {
    await handle.close()
  }
}
