import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeSelfSigned } from '../../../lib/base/self-signed.ts'
import { localSyslogChannel } from '../../../watchdog/alerts/local-syslog.ts'
import { syslogChannel } from '../../../watchdog/alerts/syslog.ts'
import type { Message } from '../../../watchdog/message.ts'
import { alert } from '../../support/alert.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { freePort } from '../../support/program.ts'
import { withProgram } from '../../support/programs.ts'
import { hasTls, startRsyslog, type Received } from '../../support/rsyslog.ts'
import { until } from '../../support/until.ts'

const settings = { host: '127.0.0.1', authorities: '' }
const rsyslog = withProgram('rsyslogd')
const tls = rsyslog.skip === false && !hasTls ? { skip: 'rsyslog-gnutls is not installed' } : rsyslog

const send = (
  more: { port: number; transport: 'udp' | 'tcp' | 'tls'; authorities?: string; host?: string },
  message: Message,
) => syslogChannel({ ...settings, ...more }).send(message, AbortSignal.timeout(20_000))

/** Everything but what differs between receivers. */
function assertUnderstood(received: Received | undefined): void {
  assert.ok(received)
  assert.equal(`${received.facility}.${received.severity}`, 'daemon.crit')
  assert.equal(received.host, 'pbx-a')
  assert.equal(received.app, 'twintone-watchdog')
  assert.equal(received.kind, 'down')
  assert.match(
    received.structured,
    /^\[twintone@32473 incident="20261124-0915-tftp-69" probe="tftp-69" kind="down"/,
  )
  assert.equal(
    received.text.trim(),
    'pbx-a: TFTP 69 is down: No answer since 09:12. / Phones hurt: 12. / Restarted once.',
  )
  assert.equal(Date.parse(received.time), Date.parse('2026-11-24T09:15:00Z'))
}

test('rsyslog understands every field over UDP', rsyslog, async (t) => {
  const { port, received } = await startRsyslog(t, 'udp')
  await send({ port, transport: 'udp' }, alert())
  assertUnderstood((await until(() => (received().length > 0 ? received() : undefined)))[0])
})

test('rsyslog understands every field over TCP, and messages stay apart', rsyslog, async (t) => {
  const { port, received } = await startRsyslog(t, 'tcp')
  await send({ port, transport: 'tcp' }, alert())
  await send(
    { port, transport: 'tcp' },
    alert({ kind: 'recovered', severity: 'info', subject: 'it is up\n<13>1 - forged' }),
  )
  const both = await until(() => (received().length > 1 ? received() : undefined))
  assertUnderstood(both[0])
  assert.equal(both.length, 2)
  assert.equal(both[1]?.severity, 'notice')
  assert.match(both[1].text, /it is up <13>1 - forged/)
})

test('rsyslog understands every field over TLS', tls, async (t) => {
  const certificate = await makeSelfSigned({ names: ['127.0.0.1'], days: 2 })
  const authorities = join(await temporaryFolder(t), 'ca.pem')
  writeFileSync(authorities, certificate.certificate)
  const { port, received } = await startRsyslog(t, 'tls', { certificate })
  await send({ port, transport: 'tls', authorities }, alert())
  assertUnderstood((await until(() => (received().length > 0 ? received() : undefined)))[0])
})

test('over TLS, a certificate of nobody we trust gets no message', tls, async (t) => {
  const certificate = await makeSelfSigned({ names: ['127.0.0.1'], days: 2 })
  const { port, received } = await startRsyslog(t, 'tls', { certificate })
  await assert.rejects(
    send({ port, transport: 'tls' }, alert()),
    /127\.0\.0\.1:\d+ \(tls\): self-signed certificate/,
  )
  assert.deepEqual(received(), [])
})

test('over TCP the message is told with its length in bytes (RFC 6587, 3.4.1)', async (t) => {
  const heard = Promise.withResolvers<string>()
  const server = createServer((socket) => {
    let said = ''
    socket.on('data', (chunk) => (said += chunk.toString()))
    socket.on('end', () => {
      socket.end()
      heard.resolve(said)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const bound = server.address()
  assert.ok(typeof bound === 'object' && bound !== null)
  await send({ port: bound.port, transport: 'tcp' }, alert({ text: 'ü' }))
  const [, bytes, line = ''] = /^(\d+) (<26>1 .*)$/.exec(await heard.promise) ?? []
  assert.equal(Number(bytes), Buffer.byteLength(line))
})

test('text that is more than ASCII arrives as it was', rsyslog, async (t) => {
  const { port, received } = await startRsyslog(t, 'tcp')
  await send({ port, transport: 'tcp' }, alert({ subject: 'Büro-Süd: außer Betrieb', text: '電話' }))
  const [only] = await until(() => (received().length > 0 ? received() : undefined))
  assert.match(only?.text ?? '', /Büro-Süd: außer Betrieb: 電話/)
})

test('d114: a receiver that is not there is noticed, over UDP too', async () => {
  const port = await freePort()
  for (const transport of ['udp', 'tcp', 'tls'] as const)
    await assert.rejects(send({ port, transport }, alert()), new RegExp(`\\(${transport}\\): .*ECONNREFUSED`))
})

test('the log of this system takes it through logger', rsyslog, async (t) => {
  const { socket, received } = await startRsyslog(t, 'socket')
  await localSyslogChannel(socket).send(
    alert({ subject: '-f /etc/passwd $(id)' }),
    AbortSignal.timeout(20_000),
  )
  const [only] = await until(() => (received().length > 0 ? received() : undefined))
  assert.equal(`${only?.facility}.${only?.severity}`, 'daemon.crit')
  assert.equal(only?.app, 'twintone-watchdog')
  assert.match(only.text, /\[20261124-0915-tftp-69\] -f \/etc\/passwd \$\(id\): No answer/)
})

test('d114: a system log whose socket is dead has not been told', withProgram('logger'), async (t) => {
  const socket = join(await temporaryFolder(t), 'none')
  await assert.rejects(
    localSyslogChannel(socket).send(alert(), AbortSignal.timeout(20_000)),
    /^Error: logger: ended with 1: logger: socket .*none/,
  )
})
