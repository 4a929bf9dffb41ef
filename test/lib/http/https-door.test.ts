import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { pino } from 'pino'
import type { TlsProfileName } from '../../../lib/base/settings/fields.ts'
import { Alarms } from '../../../lib/base/alarms.ts'
import { silentLog } from '../../../lib/base/log.ts'
import { makeSelfSigned } from '../../../lib/base/self-signed.ts'
import { TestClock } from '../../support/clock.ts'
import {
  certificateFiles,
  dial,
  everything,
  filesOf,
  inMemory,
  openHttps,
  PiecewiseFile,
  until,
  writePair,
} from '../../support/http.ts'

const files = filesOf(inMemory('a.txt', 'aaa'))
const request = 'GET /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n'

async function dialTls(t: TestContext, port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}

async function fetchTls(t: TestContext, port: number, options: ConnectionOptions = {}): Promise<string> {
  const socket = await dialTls(t, port, options)
  socket.write(request)
  return everything(socket)
}

const ok = /^HTTP\/1\.1 200 OK\r\n.*aaa$/s

test('a file arrives over HTTPS, and its transfer says so', async (t) => {
  const { port, outcomes } = await openHttps(t, files)
  assert.match(await fetchTls(t, port), ok)
  const [outcome] = await outcomes.ended(1)
  assert.deepEqual([outcome?.protocol, outcome?.address, outcome?.port], ['https', '127.0.0.1', port])
})

test('a large file arrives whole over HTTPS', async (t) => {
  const size = 5_000_001
  const file = new PiecewiseFile('a.txt', size, async (position, length) =>
    Buffer.alloc(length, position % 251),
  )
  const { port } = await openHttps(t, filesOf(file))
  const body = (await fetchTls(t, port)).split('\r\n\r\n')[1] ?? ''
  assert.equal(body.length, size)
})

test('a control byte in the User-Agent survives over HTTPS too', async (t) => {
  const asked: string[] = []
  const identify = (userAgent: string) => void asked.push(userAgent)
  const { port } = await openHttps(t, files, { parts: { identify } })
  const socket = await dialTls(t, port)
  socket.write('GET /a.txt HTTP/1.1\r\nUser-Agent: AVAYA/SIP12x0\x17/04\r\n\r\n')
  assert.match(await everything(socket), ok)
  assert.deepEqual(asked, ['AVAYA/SIP12x0\x17/04'])
})

const suites: [profile: TlsProfileName, client: ConnectionOptions, suite: string | undefined][] = [
  ['modern', {}, 'TLS_AES_128_GCM_SHA256'],
  ['modern', { maxVersion: 'TLSv1.2' }, 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['modern', { maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA256' }, 'AES256-SHA256'],
  ['modern', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' }, 'ECDHE-RSA-AES128-SHA'],
  ['modern', { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }, undefined],
  ['modern', { maxVersion: 'TLSv1.2', ciphers: 'NULL-SHA256:@SECLEVEL=0' }, undefined],
  ['modern', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }, undefined],
  ['modern', { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-GCM-SHA256' }, undefined],
  ['modern', { maxVersion: 'TLSv1.2', ciphers: 'ADH-AES128-SHA:@SECLEVEL=0' }, undefined],
  ['legacy', {}, 'TLS_AES_128_GCM_SHA256'],
  ['legacy', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'AES128-SHA:@SECLEVEL=0' }, 'AES128-SHA'],
  [
    'legacy',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ECDHE-RSA-AES128-SHA:@SECLEVEL=0' },
    'ECDHE-RSA-AES128-SHA',
  ],
  ['legacy', { maxVersion: 'TLSv1.2', ciphers: 'NULL-SHA256:@SECLEVEL=0' }, undefined],
  [
    'authenticate-only',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'NULL-SHA:@SECLEVEL=0' },
    'NULL-SHA',
  ],
  ['authenticate-only', { maxVersion: 'TLSv1.2', ciphers: 'NULL-SHA:@SECLEVEL=0' }, 'NULL-SHA'],
  ['authenticate-only', { maxVersion: 'TLSv1.2', ciphers: 'NULL-SHA256:@SECLEVEL=0' }, 'NULL-SHA256'],
  ['authenticate-only', {}, undefined],
  [
    'authenticate-only',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:@SECLEVEL=0' },
    undefined,
  ],
]
for (const [profile, client, suite] of suites) {
  const offers = `${client.minVersion ?? ''}..${client.maxVersion ?? ''} ${client.ciphers ?? 'the usual suites'}`
  test(`d73: the profile ${profile} gives a client with ${offers} ${suite ?? 'nothing'}`, async (t) => {
    const { port } = await openHttps(t, files, { settings: { profile } })
    if (suite === undefined) {
      await assert.rejects(dialTls(t, port, client))
      return
    }
    const socket = await dialTls(t, port, client)
    assert.equal(socket.getCipher().name, suite)
    socket.write(request)
    assert.match(await everything(socket), ok)
  })
}

test('d73: the order of the server decides', async (t) => {
  const { port } = await openHttps(t, files)
  const client = { maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA256:ECDHE-RSA-AES128-GCM-SHA256' } as const
  assert.equal((await dialTls(t, port, client)).getCipher().name, 'ECDHE-RSA-AES128-GCM-SHA256')
})

test('d73: a weak profile is shown in the log and in the status', async (t) => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const settings = { ports: [0], profileOfPort: { 0: 'authenticate-only' } } as const
  const { door } = await openHttps(t, files, { settings: { ...settings, ports: [0] }, parts: { log } })
  assert.deepEqual(door.status()[0]?.tls, { profile: 'authenticate-only', weak: true })
  assert.match(lines[0] ?? '', /"profile":"authenticate-only","msg":"weak TLS profile"/)
  const modern = await openHttps(t, files)
  assert.deepEqual(modern.door.status()[0]?.tls, { profile: 'modern', weak: false })
})

test('d68: HTTP/2 is not agreed on', async (t) => {
  const { port } = await openHttps(t, files)
  const socket = await dialTls(t, port, { ALPNProtocols: ['h2', 'http/1.1'] })
  assert.equal(socket.alpnProtocol, 'http/1.1')
  await assert.rejects(dialTls(t, port, { ALPNProtocols: ['h2'] }))
})

test('the certificate is chosen by name, wildcards included; the default one for all others', async (t) => {
  const { folder, certificate, key } = await certificateFiles(t, ['default.example'])
  await writePair({ certificate: join(folder, 'b.pem'), key: join(folder, 'b.key') }, [
    'b.example',
    '*.c.example',
  ])
  const { port } = await openHttps(t, files, { settings: { certificate, key, certsFolder: folder } })
  const shownFor = async (servername?: string) => {
    const options = servername === undefined ? {} : { servername }
    return (await dialTls(t, port, options)).getPeerCertificate().subject.CN
  }
  assert.equal(await shownFor('b.example'), 'b.example')
  assert.equal(await shownFor('B.EXAMPLE'), 'b.example')
  assert.equal(await shownFor('phone.c.example'), 'b.example')
  assert.equal(await shownFor('default.example'), 'default.example')
  assert.equal(await shownFor('unknown.example'), 'default.example')
  assert.equal(await shownFor(), 'default.example')
})

test('a certificate chosen by name is held to the profile of its port', async (t) => {
  const { folder, certificate, key } = await certificateFiles(t, ['default.example'])
  await writePair({ certificate: join(folder, 'b.pem'), key: join(folder, 'b.key') }, ['b.example'])
  const settings = { certificate, key, certsFolder: folder, profile: 'authenticate-only' } as const
  const { port } = await openHttps(t, files, { settings })
  const client = {
    servername: 'b.example',
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1',
    ciphers: 'NULL-SHA:@SECLEVEL=0',
  } as const
  const socket = await dialTls(t, port, client)
  assert.equal(socket.getPeerCertificate().subject.CN, 'b.example')
  await assert.rejects(dialTls(t, port, { servername: 'b.example' }))
})

test('new certificates are shown after a reload, and a transfer under way goes on', async (t) => {
  const { folder, certificate, key } = await certificateFiles(t, ['old.example'])
  const goOn = Promise.withResolvers<void>()
  const file = new PiecewiseFile('fw.bin', 1_000_000, async (position, length) => {
    if (position > 0) await goOn.promise
    return Buffer.alloc(length)
  })
  const { port, certificates } = await openHttps(t, filesOf(file), {
    settings: { certificate, key, certsFolder: folder },
  })
  const running = await dialTls(t, port)
  running.write('GET /fw.bin HTTP/1.1\r\nConnection: close\r\n\r\n')
  const answer = everything(running)
  await until(() => file.opened === 1)
  await writePair({ certificate, key }, ['new.example'])
  await writePair({ certificate: join(folder, 'b.pem'), key: join(folder, 'b.key') }, ['b.example'])
  certificates.reload()
  assert.equal((await dialTls(t, port)).getPeerCertificate().subject.CN, 'new.example')
  assert.equal(
    (await dialTls(t, port, { servername: 'b.example' })).getPeerCertificate().subject.CN,
    'b.example',
  )
  assert.deepEqual(
    certificates.list().map(({ names }) => names),
    [['new.example'], ['b.example']],
  )
  goOn.resolve()
  assert.equal((await answer).split('\r\n\r\n')[1]?.length, 1_000_000)
})

test('a reload with a key that does not fit keeps the old certificate and says why', async (t) => {
  const { folder, certificate, key } = await certificateFiles(t, ['old.example'])
  const { port, certificates } = await openHttps(t, files, {
    settings: { certificate, key, certsFolder: folder },
  })
  await writeFile(certificate, (await makeSelfSigned({ names: ['new.example'], days: 1 })).certificate)
  assert.throws(() => certificates.reload(), /does not belong to the certificate/)
  assert.equal((await dialTls(t, port)).getPeerCertificate().subject.CN, 'old.example')
  assert.deepEqual(certificates.list()[0]?.names, ['old.example'])
})

test('d79: a door whose key every user can read does not start', async (t) => {
  const { certificate, key } = await certificateFiles(t)
  await chmod(key, 0o644)
  await assert.rejects(openHttps(t, files, { settings: { certificate, key } }), /chmod 600/)
})

test('a certificate that ends soon or has ended raises an alarm until it is renewed', async (t) => {
  const { certificate, key } = await certificateFiles(t)
  await writePair({ certificate, key }, ['a.example'], 11)
  const clock = new TestClock(0, new Date())
  const alarms = new Alarms({ clock, log: silentLog })
  const { certificates } = await openHttps(t, files, {
    settings: { certificate, key, expiryWarningDays: 10 },
    alarms,
    parts: { clock },
  })
  const told = () => alarms.list().map(({ text }) => text.replace(certificate, 'FILE').replace(/ on .*/, ''))
  assert.deepEqual(told(), [])
  clock.advance(86_400_000)
  assert.deepEqual(told(), ['the certificate FILE ends in 9 days,'])
  clock.advance(86_400_000)
  assert.deepEqual(told(), ['the certificate FILE ends in 8 days,'])
  clock.setWall(new Date(Date.now() + 30 * 86_400_000))
  clock.advance(86_400_000)
  assert.deepEqual(told(), ['the certificate FILE ended'])
  await writePair({ certificate, key }, ['a.example'], 90)
  certificates.reload()
  assert.deepEqual(told(), [])
})

test('d75: a door that requires client certificates takes those of its authority only', async (t) => {
  const { certificate, key } = await certificateFiles(t)
  const client = await makeSelfSigned({ names: ['client'], days: 1 })
  const stranger = await makeSelfSigned({ names: ['stranger'], days: 1 })
  const ca = join(certificate, '..', 'clients.ca')
  await writeFile(ca, client.certificate)
  const settings = { certificate, key, clientAuth: 'require', clientCa: ca } as const
  const { port } = await openHttps(t, files, { settings })
  const tls12 = { maxVersion: 'TLSv1.2' } as const
  assert.match(await fetchTls(t, port, { ...tls12, cert: client.certificate, key: client.key }), ok)
  await assert.rejects(dialTls(t, port, { ...tls12, cert: stranger.certificate, key: stranger.key }))
  await assert.rejects(dialTls(t, port, tls12))
  const asking = await openHttps(t, files, { settings: { ...settings, clientAuth: 'request' } })
  assert.match(await fetchTls(t, asking.port, tls12), ok)
})

test('d74: a handshake that does not go on is cut off, and others are served meanwhile', async (t) => {
  const { port } = await openHttps(t, files, { settings: { handshakeTimeoutMs: 200 } })
  const silent = everything(await dial(t, port))
  const half = await dial(t, port)
  half.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]))
  const ended = everything(half)
  assert.match(await fetchTls(t, port), ok)
  await Promise.all([silent, ended])
})

test('d74: half-open handshakes count for their address, and more of them are closed at once', async (t) => {
  const { port } = await openHttps(t, files, { settings: { connectionsPerAddress: 2 } })
  const first = await dial(t, port)
  await dial(t, port)
  assert.equal(await everything(await dial(t, port)), '')
  await assert.rejects(fetchTls(t, port))
  first.end()
  await everything(first)
  assert.match(await fetchTls(t, port), ok)
})

test('d74: a ClientHello that claims to be huge ends its connection', async (t) => {
  const { port } = await openHttps(t, files)
  const socket = await dial(t, port)
  const record = Buffer.concat([
    Buffer.from([0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]),
    Buffer.alloc(16_380),
  ])
  socket.write(record)
  await everything(socket)
  assert.match(await fetchTls(t, port), ok)
})

test('d74: a client cannot renegotiate', async (t) => {
  const { port } = await openHttps(t, files)
  const socket = await dialTls(t, port, { maxVersion: 'TLSv1.2' })
  const { promise, resolve } = Promise.withResolvers<unknown>()
  socket.on('error', resolve)
  socket.renegotiate({ rejectUnauthorized: false }, resolve)
  assert.ok((await promise) instanceof Error)
})

test('d39: HTTP on the port of HTTPS is closed, and told in the log', async (t) => {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  const { port } = await openHttps(t, files, { parts: { log } })
  const socket = connectTcp(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {})
  socket.write(request)
  assert.doesNotMatch(await everything(socket), /HTTP\/1/)
  await until(() => lines.length > 0)
  assert.match(lines[0] ?? '', /"address":"127\.0\.0\.1".*"msg":"TLS handshake failed"/)
})

test('stopping an HTTPS door lets a transfer end', { timeout: 10_000 }, async (t) => {
  const goOn = Promise.withResolvers<void>()
  const file = new PiecewiseFile('fw.bin', 1_000_000, async (position, length) => {
    if (position > 0) await goOn.promise
    return Buffer.alloc(length)
  })
  const { port, door } = await openHttps(t, filesOf(file), { settings: { keepAliveMs: 60_000 } })
  const socket = await dialTls(t, port)
  socket.write('GET /fw.bin HTTP/1.1\r\n\r\n')
  const answer = everything(socket)
  await until(() => file.opened === 1)
  const stopped = door.stop(new AbortController().signal)
  goOn.resolve()
  assert.equal((await answer).split('\r\n\r\n')[1]?.length, 1_000_000)
  await stopped
})

test('stopping an HTTPS door with a half-open handshake ends when its grace does', async (t) => {
  const { port, door } = await openHttps(t, files)
  const half = await dial(t, port)
  const idle = await dialTls(t, port)
  idle.write('GET /a.txt HTTP/1.1\r\n\r\n')
  await once(idle, 'data')
  const ended = [everything(half), everything(idle)]
  await door.stop(AbortSignal.timeout(100))
  await Promise.all(ended)
})
