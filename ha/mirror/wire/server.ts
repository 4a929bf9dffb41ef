import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../../lib/base/clock.ts'
import type { Log } from '../../../lib/base/log.ts'
import type { Identity } from '../../../lib/files/hot-files.ts'
import { Refusal } from '../../../lib/files/refusal.ts'
import { checkSame, ContentChanged, openForReading, pieces } from '../disk/content.ts'
import { isSha256 } from '../manifest.ts'
import type { MirrorSettings } from '../settings.ts'
import { parseReport, type Report } from './report.ts'
import { isFrom, serverTls } from './tls.ts'
import { bytesPerSecond, TokenBucket } from './token-bucket.ts'

/** What the other node may ask for. */
export interface Offered {
  /** Once it is another than `etag`, or when `signal` aborts. */
  manifest(etag: string, signal: AbortSignal): Promise<{ etag: string; lines: readonly string[] }>
  /** Reads all files anew first. */
  rehash(): Promise<void>
  /** Undefined: there is none now, or this node is not active. */
  content(sha256: string): { path: string; identity: Identity } | undefined
  onSent(sha256: string, bytes: number): void
  /** @returns false when this node is not active */
  onReport(report: Report): Promise<boolean>
}

type ServerSettings = Pick<MirrorSettings, 'node' | 'other' | 'port' | 'tls' | 'mbitPerSecond'>

const longestWaitMs = 60_000
const largestReport = 4_194_304
const silentMs = 10_000
const refusedEveryMs = 60_000

/** Gives the other node what it asks for. Whoever else asks is cut off before it can. */
export class MirrorServer {
  readonly #settings: ServerSettings
  readonly #offered: Offered
  readonly #clock: Clock
  readonly #log: Log
  readonly #bucket: TokenBucket
  readonly #server: Server
  readonly #closing = new AbortController()
  /** Also those that have not said who they are yet, which the server of Node does not count. */
  readonly #sockets = new Set<Socket>()
  #silentUntil = -Infinity

  constructor(settings: ServerSettings, parts: { offered: Offered; clock: Clock; log: Log }) {
    this.#settings = settings
    this.#offered = parts.offered
    this.#clock = parts.clock
    this.#log = parts.log
    this.#bucket = new TokenBucket(bytesPerSecond(settings.mbitPerSecond), parts.clock.now())
    this.#server = createServer({ ...serverTls(settings.tls), handshakeTimeout: silentMs })
    this.#server.maxConnections = 32
    this.#server.requestTimeout = 30_000
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('secureConnection', (socket) => this.#checkCaller(socket))
    this.#server.on('error', (err) => this.#log.warn({ err }, 'mirror listener fault'))
    this.#server.on('tlsClientError', (error, { remoteAddress }) =>
      this.#refused(remoteAddress, error.message),
    )
    this.#server.on('request', (asked, response) => void this.#handle(asked, response))
  }

  /** The port it listens on. @throws Error of the system */
  async listen(): Promise<number> {
    const listening = once(this.#server, 'listening')
    this.#server.listen(this.#settings.port, this.#settings.node.address)
    await listening
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#closing.abort()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #checkCaller(socket: TLSSocket): void {
    const { name } = this.#settings.other
    if (isFrom(socket, name)) return
    this.#refused(socket.remoteAddress, `its certificate is not that of ${name}`)
    socket.destroy()
  }

  /** Whoever knocks again and again does not fill the log. */
  #refused(from: string | undefined, why: string): void {
    if (this.#clock.now() < this.#silentUntil) return
    this.#silentUntil = this.#clock.now() + refusedEveryMs
    this.#log.warn({ from, why }, 'mirror caller refused')
  }

  async #handle(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {}) // the next write sees it
    try {
      await this.#answer(asked, response)
    } catch (error) {
      const isTheirs = error instanceof Refusal
      if (!isTheirs && !(error instanceof ContentChanged) && !this.#closing.signal.aborted)
        this.#log.debug({ url: asked.url, err: error }, 'mirror answer broke off')
      if (response.headersSent)
        response.destroy() // so that what came is not taken for the whole
      else say(response, isTheirs ? 400 : 500, isTheirs ? error.message : 'a fault, see the log of this node')
    }
  }

  async #answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(asked.url ?? '/', 'https://mirror')
    const [, what, name = ''] = url.pathname.split('/')
    if (asked.method === 'POST' && what === 'report') return this.#report(asked, response)
    if (asked.method !== 'GET') return say(response, 405, 'GET, or POST of a report')
    if (what === 'manifest') return this.#manifest(asked, response, url.searchParams)
    if (what === 'blobs' && isSha256(name)) return this.#blob(asked, response, name)
    say(response, 404, 'there is nothing of that name')
  }

  async #manifest(asked: IncomingMessage, response: ServerResponse, query: URLSearchParams): Promise<void> {
    const etag = asked.headers['if-none-match'] ?? ''
    if (query.has('rehash')) await this.#offered.rehash()
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const waitMs = Math.min(longestWaitMs, Number(query.get('wait')) || 0)
    const stopWaiting = this.#clock.after(waitMs, () => gone.abort())
    const found = await this.#offered
      .manifest(etag, AbortSignal.any([gone.signal, this.#closing.signal]))
      .finally(stopWaiting)
    response.setHeader('etag', found.etag)
    if (found.etag === etag) return say(response, 304, '')
    response.setHeader('content-type', 'application/x-ndjson')
    for (let from = 0; from < found.lines.length; from += linesAtOnce) {
      const text = found.lines.slice(from, from + linesAtOnce).join('\n')
      await this.#write(response, Buffer.from(`${text}\n`))
    }
    response.end()
  }

  async #blob(asked: IncomingMessage, response: ServerResponse, sha256: string): Promise<void> {
    const content = this.#offered.content(sha256)
    if (content === undefined) return say(response, 410, 'no file here has that content now')
    const handle = await openForReading(content.path).catch(() => undefined)
    if (handle === undefined) return say(response, 410, 'no file here has that content now')
    try {
      await checkSame(handle, content.path, content.identity)
      const { size } = content.identity
      const from = Number(/^bytes=(\d+)-$/.exec(asked.headers.range ?? '')?.[1] ?? 0)
      if (from > 0 && from >= size) return say(response, 416, `it has ${size} bytes`)
      response.setHeader('content-length', size - from)
      if (from > 0) response.setHeader('content-range', `bytes ${from}-${size - 1}/${size}`)
      response.writeHead(from > 0 ? 206 : 200)
      await this.#send(handle, response, { ...content, from, sha256 })
      response.end()
    } finally {
      await handle.close()
    }
  }

  async #send(
    handle: FileHandle,
    response: ServerResponse,
    { path, identity, from, sha256 }: { path: string; identity: Identity; from: number; sha256: string },
  ): Promise<void> {
    for await (const piece of pieces(handle, from, this.#bucket.pieceBytes)) {
      await checkSame(handle, path, identity)
      const waitMs = this.#bucket.take(piece.length, this.#clock.now())
      if (waitMs > 0) await this.#clock.sleep(waitMs, this.#closing.signal)
      // A copy: the piece is read over while the system still sends this one.
      await this.#write(response, Buffer.from(piece))
      this.#offered.onSent(sha256, piece.length)
    }
  }

  /** Waits while the other side does not take more, and not for ever. */
  async #write(response: ServerResponse, data: Buffer): Promise<void> {
    if (response.destroyed) throw new Error('the other node hung up')
    if (response.write(data)) return
    const over = new AbortController()
    const stopWaiting = this.#clock.after(silentMs, () => over.abort())
    const signal = AbortSignal.any([this.#closing.signal, over.signal])
    try {
      await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })])
    } finally {
      stopWaiting()
      over.abort() // takes the other listener away
    }
  }

  async #report(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const piece of asked.setEncoding('utf8')) {
      text += piece as string
      if (text.length > largestReport) throw new Refusal('tooLarge', 'a report that long is none')
    }
    if (await this.#offered.onReport(parseReport(text))) say(response, 204, '')
    else say(response, 503, 'this node is not active')
  }
}

const linesAtOnce = 500

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, text === '' ? {} : { 'content-type': 'text/plain' })
  response.end(text)
}
