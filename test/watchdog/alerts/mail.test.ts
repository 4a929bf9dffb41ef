import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { before, test, type TestContext } from 'node:test'
import { defaultConfig } from '../../../lib/base/config.ts'
import { makeSelfSigned } from '../../../lib/base/self-signed.ts'
import type { CertificateAndKey } from '../../../lib/base/x509.ts'
import { mailChannel, mailOf } from '../../../watchdog/alerts/mail.ts'
import type { Message } from '../../../watchdog/message.ts'
import { alert } from '../../support/alert.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { startMailServer, type MailServerOptions } from '../../support/mail-server.ts'

const addresses = { sender: 'twintone@example.com', to: ['ops@example.com', 'night@example.com'] }
const plain = { host: '127.0.0.1', tls: 'none' as const, ...addresses }

let ours: CertificateAndKey
before(async () => {
  ours = await makeSelfSigned({ names: ['127.0.0.1'], days: 2 })
})

const send = (
  settings: object,
  message: Message = alert(),
  onRefused: (recipients: readonly string[]) => void = () => {},
) =>
  mailChannel({ ...defaultConfig().alertMail, ...settings }, onRefused).send(
    message,
    AbortSignal.timeout(20_000),
  )

/** A server that encrypts, and settings that trust it. */
async function encrypting(t: TestContext, options: MailServerOptions) {
  const authorities = join(await temporaryFolder(t), 'ca.pem')
  writeFileSync(authorities, ours.certificate)
  const server = await startMailServer(t, { key: ours.key, cert: ours.certificate, ...options })
  return { server, settings: { host: '127.0.0.1', port: server.port, authorities, ...addresses } }
}

test('a message arrives with its subject, its text and all recipients', async (t) => {
  const server = await startMailServer(t)
  await send({ ...plain, port: server.port })
  const [mail] = server.mails
  assert.deepEqual(mail?.to, ['ops@example.com', 'night@example.com'])
  assert.equal(mail.headers['subject'], '[critical] pbx-a: TFTP 69 is down')
  assert.equal(mail.headers['auto-submitted'], 'auto-generated')
  assert.equal(mail.headers['date'], 'Tue, 24 Nov 2026 09:15:00 +0000')
  assert.match(mail.raw, /No answer since 09:12\.\r\nPhones hurt: 12\./)
  assert.match(mail.raw, /Incident 20261124-0915-tftp-69/)
})

test('mails of one incident name one parent and have identities of their own', () => {
  const down = mailOf(alert(), addresses)
  const over = mailOf(alert({ kind: 'recovered', severity: 'info' }), addresses)
  const other = mailOf(alert({ incident: '20261124-1000-http-80' }), addresses)
  assert.equal(down.references, '<20261124-0915-tftp-69@example.com>')
  assert.equal(over.inReplyTo, down.inReplyTo)
  assert.notEqual(over.messageId, down.messageId)
  assert.notEqual(other.references, down.references)
})

test('a mail that goes twice, over a crash, has the same identity', () => {
  assert.equal(mailOf(alert(), addresses).messageId, mailOf(alert(), addresses).messageId)
})

test('STARTTLS: nothing is sent before the connection is encrypted', async (t) => {
  const { server, settings } = await encrypting(t, { tls: 'starttls' })
  await send({ ...settings, tls: 'starttls' })
  assert.equal(server.mails[0]?.encrypted, true)
})

test('STARTTLS is demanded: a server without it gets no mail and no password', async (t) => {
  const server = await startMailServer(t, { login: { user: 'u', password: 'hush' } })
  await assert.rejects(
    send({ ...plain, tls: 'starttls', port: server.port, user: 'u', password: 'hush' }),
    /STARTTLS/,
  )
  assert.equal(server.mails.length, 0)
})

test('TLS from the first byte', async (t) => {
  const { server, settings } = await encrypting(t, { tls: 'tls' })
  await send({ ...settings, tls: 'tls' })
  assert.equal(server.mails[0]?.encrypted, true)
})

test('a certificate of nobody we trust ends it, and so does one for another name', async (t) => {
  const { server, settings } = await encrypting(t, { tls: 'tls' })
  await assert.rejects(send({ ...settings, tls: 'tls', authorities: '' }), /self-signed certificate/)
  await assert.rejects(send({ ...settings, tls: 'tls', host: 'localhost' }), /localhost/)
  assert.equal(server.mails.length, 0)
})

test('a file of authorities that is missing or no certificate is named', async (t) => {
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'none.pem'), 'nothing')
  const settings = { ...plain, tls: 'tls', port: 1 }
  await assert.rejects(
    send({ ...settings, authorities: join(folder, 'x.pem') }),
    /alertMail\.authorities: .*ENOENT/,
  )
  await assert.rejects(send({ ...settings, authorities: join(folder, 'none.pem') }), /no certificate in it/)
})

test('a login that is right is used', async (t) => {
  const server = await startMailServer(t, { login: { user: 'watch', password: 'right' } })
  await send({ ...plain, port: server.port, user: 'watch', password: 'right' })
  assert.equal(server.mails[0]?.user, 'watch')
})

test('a wrong password fails, and no error repeats it, though the server does', async (t) => {
  const server = await startMailServer(t, {
    login: { user: 'watch', password: 'right' },
    refusal: (said) => `${said} is wrong, or ${Buffer.from(`\0watch\0${said}`).toString('base64')}`,
  })
  const error = await send({ ...plain, port: server.port, user: 'watch', password: 'wr0ng-pass' }).catch(
    (each: unknown) => each,
  )
  assert.ok(error instanceof Error)
  assert.match(error.message, /^127\.0\.0\.1:\d+: .*535 \[hidden\] is wrong, or \[hidden\]/)
  assert.equal(error.cause, undefined)
  assert.doesNotMatch(JSON.stringify(error, Object.getOwnPropertyNames(error)), /wr0ng-pass|AHdhdGNo/)
})

test('a server that offers no login gets no mail from who has one to give', async (t) => {
  const server = await startMailServer(t)
  await assert.rejects(send({ ...plain, port: server.port, user: 'watch', password: 'x' }))
  assert.equal(server.mails.length, 0)
})

test('one recipient refused: the others get it, and it is said who does not', async (t) => {
  const server = await startMailServer(t, { refuse: (recipient) => recipient.startsWith('night') })
  const refused: string[] = []
  await send({ ...plain, port: server.port }, alert(), (recipients) => refused.push(...recipients))
  assert.deepEqual(server.mails[0]?.to, ['ops@example.com'])
  assert.deepEqual(refused, ['night@example.com'])
})

test('all recipients refused: it has not been told', async (t) => {
  const server = await startMailServer(t, { refuse: () => true })
  await assert.rejects(send({ ...plain, port: server.port }), /550 no such mailbox/)
})

test('d72 d100: nothing in a message becomes a header, a recipient or an escape sequence', async (t) => {
  const server = await startMailServer(t)
  const evil = 'x\r\nBcc: evil@example.net\r\n\r\n<script>\u001b[31m\u202e'
  await send(
    { ...plain, port: server.port },
    alert({ subject: evil, kind: evil, node: evil, incident: evil, text: evil }),
  )
  const [mail] = server.mails
  assert.ok(mail)
  assert.deepEqual(mail.to, addresses.to)
  assert.equal(mail.headers['bcc'], undefined)
  const head = mail.raw.slice(0, mail.raw.indexOf('\r\n\r\n'))
  assert.doesNotMatch(head, /^(?:Bcc|<script)/im)
  assert.ok(!mail.raw.includes('\u001b') && !mail.raw.includes('\u202e'))
})

test('d72: control characters and marks that turn text around become spaces, lines stay lines', () => {
  const mail = mailOf(alert({ subject: 'a\u001b[31mb', text: 'a\u202eb\r\nc\u0000d' }), addresses)
  assert.equal(mail.subject, '[critical] a [31mb')
  assert.match(mail.text, /^a b\nc d\n/)
})

test('a line with a dot alone does not end the mail', async (t) => {
  const server = await startMailServer(t)
  await send({ ...plain, port: server.port }, alert({ text: 'before\n.\nQUIT\nafter' }))
  assert.match(server.mails[0]?.raw ?? '', /before\r\n\.\r\nQUIT\r\nafter/)
})

test('a server that says nothing is left as soon as the try is ended', { timeout: 5_000 }, async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const bound = silent.address()
  assert.ok(typeof bound === 'object' && bound !== null)
  const settings = { ...defaultConfig().alertMail, ...plain, port: bound.port }
  const cut = new AbortController()
  const closed = once(silent, 'connection').then(async ([socket]) => {
    cut.abort(new Error('enough'))
    socket.resume()
    await once(socket, 'close')
  })
  await assert.rejects(mailChannel(settings, () => {}).send(alert(), cut.signal), /enough/)
  await closed
})

test('a dead server is named', async () => {
  await assert.rejects(send({ ...plain, port: 1 }), /127\.0\.0\.1:1: .*ECONNREFUSED/)
})
