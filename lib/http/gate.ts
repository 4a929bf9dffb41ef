import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Caller } from '../files/caller.ts'
import { canonicalAddress } from '../phones/address.ts'
import type { Connection, Connections } from './connections.ts'
import { parseOddRequest } from './control-bytes.ts'
import type { FileRoutes } from './file-routes.ts'
import { rawAnswer } from './headers.ts'
import { malformedAnswer, oddExchange, requestTimedOut, type ClientError } from './malformed.ts'
import { lingerMs, wrongMethod } from './short-answer.ts'

export interface GateParts {
  protocol: 'http' | 'https'
  routes: FileRoutes
  connections: Connections
  clock: Clock
  log: Log
}

const busy = rawAnswer(503, 'Service Unavailable', 'too many connections\n', ['Retry-After', '30'])
const tunnel = wrongMethod('CONNECT')
const noTunnel = rawAnswer(tunnel.status, 'Method Not Allowed', `${tunnel.text}\n`, tunnel.headers)

/** What happens on the connections of a listener outside of readable requests. */
export class Gate {
  readonly #parts: GateParts
  #port = 0

  constructor(parts: GateParts) {
    this.#parts = parts
  }

  watch(server: Server): void {
    const { connections, protocol, log } = this.#parts
    server.on('listening', () => {
      const bound = server.address()
      if (bound !== null && typeof bound === 'object') this.#port = bound.port
    })
    server.on('connection', (socket: Socket) => this.#accept(socket))
    if (protocol === 'https') {
      server.on('secureConnection', (socket: Socket) => connections.follow(socket, this.#callerOf(socket)))
    }
    server.on('drop', () => connections.noteRefused())
    server.on('timeout', (socket: Socket) => connections.cut(socket, 'no progress'))
    server.on('connect', (request: IncomingMessage, socket: Socket) => this.#refuseTunnel(request, socket))
    // Node would answer these by itself: with 100, at which the client begins to send what we do not want, or 417.
    server.on('checkContinue', (request, response) => server.emit('request', request, response))
    server.on('checkExpectation', (request, response) => server.emit('request', request, response))
    server.on('error', (err) => log.error({ err, port: this.#port }, 'listener error'))
  }

  /** For what Node cannot read, and for connections that failed or took too long. */
  malformed(error: ClientError, socket: Socket): void {
    const { connections } = this.#parts
    const connection = connections.of(socket)
    if (connection === undefined) this.#handshakeFailed(error, socket)
    else if (!socket.writable) socket.destroy()
    else if (error.code === requestTimedOut && connection.receiving?.complete === false)
      connections.cut(socket, 'too slow')
    // What follows the last answer, or comes before it has gone out, is not listened to.
    else if (connection.closing || connection.pending > 0) connection.closing = true
    else if (!this.#answerOdd(error, connection)) this.#refuse(error, connection)
  }

  #accept(socket: Socket): void {
    const { connections, protocol } = this.#parts
    const encrypted = protocol === 'https'
    const { connection, refused } = connections.accept(socket, this.#callerOf(socket), !encrypted)
    if (!refused) return
    if (encrypted) socket.destroy()
    else this.#sayAndEnd(connection, busy)
  }

  /** False: it is none of the requests we make an exception for. */
  #answerOdd({ code, rawPacket }: ClientError, connection: Connection): boolean {
    if (code !== 'HPE_INVALID_HEADER_TOKEN' || !Buffer.isBuffer(rawPacket)) return false
    const odd = parseOddRequest(rawPacket.toString('latin1'))
    if (odd === undefined) return false
    connection.closing = true
    const { request, response } = oddExchange(odd, connection.socket)
    void this.#parts.routes.answer(request, odd.target, response, connection)
    return true
  }

  #refuse({ code = '' }: ClientError, connection: Connection): void {
    const answer = malformedAnswer(code)
    if (answer === undefined) {
      connection.socket.destroy()
      return
    }
    this.#parts.log.info({ ...connection.caller, code }, 'request not readable')
    this.#sayAndEnd(connection, answer)
  }

  #refuseTunnel(request: IncomingMessage, socket: Socket): void {
    const connection = this.#parts.connections.of(socket)
    if (connection === undefined || connection.closing) return
    this.#parts.log.info({ ...connection.caller, code: request.method }, 'request not readable')
    this.#sayAndEnd(connection, noTunnel)
    socket.resume()
  }

  /** The client may go on sending for a while, so that it gets to read the answer. */
  #sayAndEnd(connection: Connection, answer: string): void {
    connection.closing = true
    connection.deadline = this.#parts.clock.now() + lingerMs
    connection.socket.end(answer, 'latin1')
  }

  #handshakeFailed({ code, message }: ClientError, socket: Socket): void {
    const { address, port } = this.#callerOf(socket)
    const level = code?.startsWith('ERR_SSL') ? 'info' : 'debug'
    this.#parts.log[level]({ address, port, code, why: message }, 'TLS handshake failed')
    socket.destroy()
  }

  #callerOf(socket: Socket): Caller {
    const { protocol } = this.#parts
    return { protocol, address: canonicalAddress(socket.remoteAddress ?? ''), port: this.#port }
  }
}
