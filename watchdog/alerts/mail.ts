import { createHash } from 'node:crypto'
import { createTransport } from 'nodemailer'
import type { Config } from '../../lib/base/config.ts'
import type { Channel, Message } from '../message.ts'
import { trustFor } from '../../lib/base/trust.ts'
import { failure } from './failure.ts'
import { plainLine, plainText } from './plain.ts'

/**
 * Mail over SMTP. The only file that imports nodemailer, whose surprises stop here (test/watchdog/alerts/mail.test.ts):
 *
 * - With a login in the settings and a server that offers none, it sends without logging in, unless `forceAuth`.
 * - It sends when one of several recipients is taken, and tells of the others in its result only.
 * - Its errors hold what the server said, which may repeat what it was sent: they pass failure.ts, and are not passed
 *   on as a cause.
 * - Its time limits are two and ten minutes unless given.
 */

type Settings = Config['alertMail']

const connectMs = 10_000
const quietMs = 20_000

/** @param onRefused told of recipients that the server does not take, while it takes others */
export function mailChannel(settings: Settings, onRefused: (recipients: readonly string[]) => void): Channel {
  const secrets = [settings.password]
  return {
    name: 'mail',
    async send(message, signal) {
      try {
        const transport = createTransport(await connectionBy(settings))
        const { rejected } = await transport.sendMail({ ...mailOf(message, settings), signal })
        if (rejected.length > 0) onRefused(rejected.map((each) => plainLine(each, 200)))
      } catch (error) {
        signal.throwIfAborted()
        throw failure(`${settings.host}:${settings.port}`, error, secrets)
      }
    },
  }
}

async function connectionBy({ host, port, tls, authorities, user, password }: Settings) {
  return {
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: tls === 'none' ? {} : await trustFor(host, authorities, 'alertMail.authorities'),
    ...(user === '' ? {} : { auth: { user, pass: password }, forceAuth: true }),
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    dnsTimeout: connectMs,
    socketTimeout: quietMs,
    // A message is text of ours and nothing else: no file, no URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/**
 * A message as a mail. All mails of one incident name the same parent, which was never sent, so that mail programs show
 * them together (RFC 5322, 3.6.4); one that is sent twice has the same identity both times, so that the second can be
 * recognized. Nobody's absence note shall answer (RFC 3834, 5).
 */
export function mailOf(message: Message, { sender, to }: Pick<Settings, 'sender' | 'to'>) {
  const { severity, incident, kind, subject, text, at } = message
  const domain = domainOf(sender)
  const thread = `<${idPart(incident)}@${domain}>`
  const date = new Date(at)
  return {
    from: plainLine(sender, 320),
    to: to.map((each) => plainLine(each, 320)),
    subject: plainLine(`[${severity}] ${subject}`, 200),
    text: `${plainText(text, 64_000)}\n\nIncident ${plainLine(incident, 200)}\n`,
    messageId: `<${idPart(incident)}.${identityOf(message)}@${domain}>`,
    inReplyTo: thread,
    references: thread,
    ...(Number.isNaN(date.getTime()) ? {} : { date }),
    priority: severity === 'critical' ? ('high' as const) : ('normal' as const),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'X-Twintone-Kind': plainLine(kind, 60).replaceAll(/[^\x20-\x7e]/g, '?'),
    },
  }
}

const identityOf = ({ kind, at, subject, text }: Message) =>
  createHash('sha256')
    .update(JSON.stringify([kind, at, subject, text]))
    .digest('hex')
    .slice(0, 16)

/** Letters that need no quotes in an identity (RFC 5322, 3.2.3). */
const idPart = (text: string) => text.replaceAll(/[^A-Za-z0-9-]+/g, '-').slice(0, 100) || 'incident'

const domainOf = (sender: string) =>
  /@([A-Za-z0-9.-]+)/.exec(sender)?.[1]?.replaceAll(/^\.+|\.+$/g, '') || 'localhost'
