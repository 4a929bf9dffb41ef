import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail {
  to: string[]
  /** Headers unfolded, names in lower case. */
  headers: Record<string, string>
  raw: string
  encrypted: boolean
  user: string | undefined
}

export interface MailServerOptions {
  tls?: 'none' | 'starttls' | 'tls'
  key?: string
  cert?: string
  /** Who may log in; everybody must, then. */
  login?: { user: string; password: string }
  refuse?: (recipient: string) => boolean
  /** Said to who logs in with anything else. */
  refusal?: (said: string) => string
  port?: number
}

export interface MailServer {
  port: number
  mails: ReceivedMail[]
  close: () => Promise<void>
}

/** A real SMTP server over a real socket; it is closed when the test ends. */
export async function startMailServer(t: TestContext, options: MailServerOptions = {}): Promise<MailServer> {
  const { tls = 'none', key, cert, login, refuse = () => false, refusal = () => 'no' } = options
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    secure: tls === 'tls',
    ...(key === undefined || cert === undefined ? {} : { key, cert }),
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disabledCommands: [...(tls === 'none' ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])],
    logger: false,
    closeTimeout: 100,
    onAuth({ username, password = '' }, _session, done) {
      if (username === login?.user && password === login?.password) return done(null, { user: username })
      done(new Error(refusal(String(password))))
    },
    onRcptTo({ address }, _session, done) {
      done(refuse(address) ? Object.assign(new Error('no such mailbox'), { responseCode: 550 }) : null)
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString()
        const to = session.envelope.rcptTo.map(({ address }) => address)
        const { secure, user } = session
        mails.push({
          to,
          headers: headersOf(raw),
          raw,
          encrypted: secure,
          user: typeof user === 'string' ? user : undefined,
        })
        done()
      })
    },
  })
  server.on('error', () => {}) // a client that goes away in a handshake
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server.server, 'listening')
  const bound = server.server.address()
  const closed = Promise.withResolvers<void>()
  let isClosing = false
  const close = () => {
    if (!isClosing) server.close(() => closed.resolve())
    isClosing = true
    return closed.promise
  }
  t.after(close)
  return { port: typeof bound === 'object' && bound !== null ? bound.port : 0, mails, close }
}

function headersOf(raw: string): Record<string, string> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ')
  return Object.fromEntries(
    head
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
}
