import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test, type TestContext } from 'node:test'
import tls from 'node:tls'
import { collect, FtpClient, MemoryView, openFtp, withTls, type OpenFtp } from '../../support/ftp.ts'
import { dial, everything, until } from '../../support/http.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { seededBytes } from '../../support/random.ts'

const large = seededBytes(500_001)

const openTls = (t: TestContext, changes: Parameters<typeof openFtp>[2] = {}) =>
  openFtp(t, new MemoryView('phone', { '/a.bin': large }), {
    ...changes,
    settings: { ...withTls, ...changes.settings },
  })

async function loginTls(t: TestContext, { port, tlsPort }: OpenFtp, how: 'explicit' | 'implicit') {
  const client = await FtpClient.dial(t, how === 'explicit' ? port : tlsPort)
  if (how === 'explicit') {
    await client.reply()
    assert.match(await client.ask('AUTH TLS'), /^234/)
  }
  await client.encrypt()
  if (how === 'implicit') assert.match(await client.reply(), /^220/)
  for (const line of ['USER a', 'PASS b', 'PBSZ 0']) await client.ask(line)
  return client
}

async function encrypted(data: Socket): Promise<tls.TLSSocket> {
  const secure = tls.connect({ socket: data, rejectUnauthorized: false })
  secure.on('error', () => {})
  await once(secure, 'secureConnect')
  return secure
}

for (const how of ['explicit', 'implicit'] as const) {
  test(`with ${how} TLS, files come and go encrypted`, async (t) => {
    const door = await openTls(t)
    const client = await loginTls(t, door, how)
    assert.match(await client.ask('PROT P'), /^200/)
    const down = await client.passive()
    assert.match(await client.ask('RETR a.bin'), /^150/)
    assert.ok((await collect(await encrypted(down))).equals(large))
    assert.match(await client.reply(), /^226/)
    const up = await client.passive()
    assert.match(await client.ask('STOR b.bin'), /^150/)
    const secure = await encrypted(up)
    secure.end(large)
    assert.match(await client.reply(), /^226/)
    assert.ok(door.view.files.get('/b.bin')?.equals(large))
  })
}

/** The types of the TLS records in bytes (RFC 5246, 6.2.1): 21 is an alert, 23 is data. */
function recordTypes(bytes: Buffer): number[] {
  const types: number[] = []
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at] ?? 0)
  return types
}

test('TLS says that it ends after an upload too, or some clients take it for broken', async (t) => {
  const client = await loginTls(t, await openTls(t), 'explicit')
  await client.ask('PROT P')
  const data = await client.passive()
  assert.match(await client.ask('STOR b.txt'), /^150/)
  const heard: Buffer[] = []
  const through = new Duplex({
    read: () => {},
    write: (chunk, _encoding, done) => data.write(chunk, done),
    final: (done) => {
      done()
    },
  })
  data.on('data', (chunk: Buffer) => {
    heard.push(chunk)
    through.push(chunk)
  })
  const secure = tls.connect({ socket: through, rejectUnauthorized: false, maxVersion: 'TLSv1.2' })
  secure.on('error', () => {})
  await once(secure, 'secureConnect')
  secure.end('content', () => data.end())
  assert.match(await client.reply(), /^226/)
  await until(() => data.closed)
  assert.equal(recordTypes(Buffer.concat(heard)).at(-1), 21)
})

test('with PROT C data are in the clear below an encrypted control connection', async (t) => {
  const client = await loginTls(t, await openTls(t), 'explicit')
  assert.match(await client.ask('PROT C'), /^200/)
  assert.ok((await client.fetch('RETR a.bin')).bytes.equals(large))
})

test('d36: commands in the clear that come with AUTH TLS are never heard', async (t) => {
  const door = await openTls(t)
  const client = await FtpClient.dial(t, door.port)
  await client.reply()
  client.send('AUTH TLS\r\nUSER evil\r\nPASS evil\r\nDELE a.bin\r\n')
  assert.match(await client.reply(), /^234/)
  await client.encrypt()
  assert.match(await client.ask('PWD'), /^530/)
  assert.deepEqual(door.logins.calls, [])
  assert.ok(door.view.files.has('/a.bin'))
})

test('d36: commands in the clear that are still on their way during the handshake are no handshake', async (t) => {
  const door = await openTls(t)
  const client = await FtpClient.dial(t, door.port)
  await client.reply()
  assert.match(await client.ask('AUTH TLS'), /^234/)
  client.send('USER evil\r\nPASS evil\r\n')
  assert.doesNotMatch(await client.ended(), /\d{3} /)
  assert.deepEqual(door.logins.calls, [])
})

test('d36: commands in the clear that nobody had time to read before AUTH TLS are dropped, and TLS begins after them', async (t) => {
  const door = await openTls(t)
  const asked = Promise.withResolvers<void>()
  door.logins.before = () => asked.promise
  const client = await FtpClient.dial(t, door.port)
  await client.reply()
  await client.ask('USER a')
  client.send(`PASS b\r\nAUTH TLS\r\n${'NOOP\r\n'.repeat(40)}`)
  await until(() => door.logins.calls.length === 1)
  client.send('USER evil\r\nPASS evil\r\n')
  await until(() => client.control.writableLength === 0)
  await new Promise((resolve) => setTimeout(resolve, 50)) // for them to arrive; too early makes the test weaker, not red
  asked.resolve()
  assert.match(await client.reply(), /^230/)
  assert.match(await client.reply(), /^234/)
  await client.encrypt()
  assert.match(await client.ask('PWD'), /^530/)
  assert.equal(door.logins.calls.length, 1)
})

test('d37: data in the clear where PROT P was agreed on are refused with 522, and nothing is stored', async (t) => {
  const door = await openTls(t)
  const client = await loginTls(t, door, 'explicit')
  await client.ask('PROT P')
  const data = await client.passive()
  data.write('ABKNAME001=x\n')
  assert.match(await client.ask('STOR b.txt'), /^150/)
  assert.match(await client.reply(), /^522/)
  assert.deepEqual([[...door.view.files.keys()], door.view.openUploads], [['/a.bin'], 0])
  assert.match(await client.ask('NOOP'), /^200/)
})

test('d37: a client that says nothing where TLS was agreed on is given up', async (t) => {
  const door = await openTls(t, { settings: { dataTimeoutMs: 150 } })
  const client = await loginTls(t, door, 'explicit')
  await client.ask('PROT P')
  const data = await client.passive()
  t.after(() => data.destroy())
  assert.match(await client.ask('STOR b.txt'), /^150/)
  assert.match(await client.reply(), /^425/)
  assert.equal(door.view.openUploads, 0)
})

test('d39: HTTP on the port for FTPS is closed without a word', async (t) => {
  const { tlsPort } = await openTls(t)
  const socket = await dial(t, tlsPort)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.doesNotMatch(await everything(socket), /220|HTTP|FTP/)
})

test('d39: a client that asks for another protocol than FTP by ALPN gets no connection', async (t) => {
  const { tlsPort } = await openTls(t)
  const connect = async (protocols: string[]) => {
    const socket = tls.connect({ port: tlsPort, rejectUnauthorized: false, ALPNProtocols: protocols })
    t.after(() => socket.destroy())
    return Promise.race([
      once(socket, 'secureConnect').then(() => socket.alpnProtocol),
      once(socket, 'close').then(() => 'closed'),
    ]).catch(() => 'refused')
  }
  assert.equal(await connect(['http/1.1', 'h2']), 'refused')
  assert.equal(await connect(['ftp']), 'ftp')
})

test('a handshake that is never finished is cut off, and a broken one is told to the log', async (t) => {
  const { log, events } = recordingLog()
  const { tlsPort } = await openTls(t, { settings: { loginTimeoutMs: 100 }, parts: { log } })
  const silent = await dial(t, tlsPort)
  const wrong = await dial(t, tlsPort)
  wrong.write('USER a\r\n')
  await Promise.all([everything(silent), everything(wrong)])
  assert.deepEqual(
    events('TLS handshake failed')
      .filter(({ level }) => level === 30)
      .map(({ address }) => address),
    ['127.0.0.1'],
  )
})

test('a data connection resumes the TLS session of its control connection', async (t) => {
  const { port } = await openTls(t)
  const client = await FtpClient.dial(t, port)
  await client.reply()
  await client.ask('AUTH TLS')
  const sessions: Buffer[] = []
  const encrypting = client.encrypt()
  await encrypting
  assert.ok(client.control instanceof tls.TLSSocket)
  client.control.on('session', (session: Buffer) => sessions.push(session))
  for (const line of ['USER a', 'PASS b', 'PBSZ 0', 'PROT P']) await client.ask(line)
  const session = sessions.at(-1) ?? client.control.getSession()
  const data = await client.passive()
  assert.match(await client.ask('RETR a.bin'), /^150/)
  const secure = tls.connect({ socket: data, rejectUnauthorized: false, ...(session ? { session } : {}) })
  await once(secure, 'secureConnect')
  assert.ok(secure.isSessionReused())
  assert.ok((await collect(secure)).equals(large))
})

test('a super user is only asked for a password once the connection is encrypted', async (t) => {
  const door = await openTls(t)
  door.logins.needsTls = true
  const clear = await FtpClient.dial(t, door.port)
  await clear.reply()
  assert.match(await clear.ask('USER mvuser'), /^530 This login needs TLS/)
  const client = await loginTls(t, door, 'explicit')
  assert.match(await client.ask('USER mvuser'), /^331/)
  assert.match(await client.ask('PASS right'), /^230 Logged in as super user mvuser/)
  assert.equal(door.logins.calls.at(-1)?.encrypted, true)
})

test('status names the ports and the profile of those that are encrypted', async (t) => {
  const { door, port, tlsPort } = await openTls(t)
  assert.deepEqual(door.status(), [
    { protocol: 'ftp', address: '127.0.0.1', port },
    { protocol: 'ftp', address: '127.0.0.1', port: tlsPort, tls: { profile: 'modern', weak: false } },
  ])
})

test('a certificate that was renewed is shown to the next client', async (t) => {
  const door = await openTls(t)
  const fingerprint = async () => {
    const client = await loginTls(t, door, 'implicit')
    assert.ok(client.control instanceof tls.TLSSocket)
    return client.control.getPeerCertificate().fingerprint256
  }
  const first = await fingerprint()
  assert.equal(await fingerprint(), first)
  await door.renewCertificate()
  assert.notEqual(await fingerprint(), first)
})
