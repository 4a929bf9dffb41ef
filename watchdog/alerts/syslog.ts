import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Config } from '../../lib/base/config.ts'
import type { Channel } from '../message.ts'
import { trustFor } from '../../lib/base/trust.ts'
import { sendDatagram } from './datagram.ts'
import { failure } from './failure.ts'
import { syslogLine } from './syslog-line.ts'

/**
 * Syslog to another machine: RFC 5424 over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425). Syslog has no answer: a
 * message counts as taken when the network has not said the contrary. Over TCP and TLS that is when the receiver has
 * closed its side after ours, or keeps it open for a while; so each message has a connection of its own.
 */

type Settings = Pick<Config['alertSyslog'], 'host' | 'port' | 'transport' | 'authorities'>

/** What receivers should take over UDP (RFC 5426, 3.2), and what they take by their settings elsewhere. */
const mostDatagramBytes = 2_048
const mostStreamBytes = 8_192

/** How long the receiver may take to close its side, before it is taken to be content. */
const closeMs = 2_000

export function syslogChannel(settings: Settings): Channel {
  const { host, port, transport } = settings
  return {
    name: 'syslog',
    async send(message, signal) {
      try {
        if (transport === 'udp')
          return await sendDatagram(host, port, Buffer.from(syslogLine(message, mostDatagramBytes)), signal)
        const frame = octetCounted(syslogLine(message, mostStreamBytes))
        await sendStream(await openStream(settings, signal), frame, signal)
      } catch (error) {
        signal.throwIfAborted()
        throw failure(`${host}:${port} (${transport})`, error, [])
      }
    },
  }
}

/** RFC 6587, 3.4.1, and RFC 5425, 4.3. */
const octetCounted = (line: string) => `${Buffer.byteLength(line)} ${line}`

async function openStream(
  { host, port, transport, authorities }: Settings,
  signal: AbortSignal,
): Promise<Socket> {
  if (transport === 'tcp') return connect({ host, port, signal })
  const trust = await trustFor(host, authorities, 'alertSyslog.authorities')
  signal.throwIfAborted()
  return connectTls({ host, port, ...trust })
}

async function sendStream(socket: Socket, frame: string, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>()
  const onAbort = () => over.reject(signal.reason)
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  let timer: NodeJS.Timeout | undefined
  let written = false
  socket.on('error', over.reject)
  socket.on('close', () =>
    written ? over.resolve() : over.reject(new Error('it closed the connection before it had the message')),
  )
  socket.on('finish', () => {
    written = true
    timer = setTimeout(over.resolve, closeMs)
  })
  socket.resume() // whatever it says: a close is not seen before
  socket.end(frame)
  try {
    await over.promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}
