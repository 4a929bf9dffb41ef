import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request, type RequestOptions } from 'node:https'
import { printable } from '../../../lib/base/printable.ts'
import { Refusal } from '../../../lib/files/refusal.ts'
import { ManifestReader, type Manifest } from '../manifest.ts'
import type { Report } from './report.ts'
import { clientTls, type MirrorTls } from './tls.ts'

export interface OtherNode {
  name: string
  address: string
}

export interface Fetched {
  etag: string
  manifest: Manifest
}

/** The other node answered, but not with what was asked for. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, text: string) {
    super(text)
    this.status = status
  }
}

/** Nothing moves on a connection for this long: it is given up. */
const silentMs = 10_000
/** Reading every file anew takes the other node this long at most. */
const rehashMs = 1_800_000
const longestLine = 4_194_304

/** Asks the other node: HTTP with TLS, in which both sides prove who they are. */
export class Client {
  readonly #other: OtherNode
  readonly #port: number
  readonly #agent: Agent

  constructor({ other, port, tls }: { other: OtherNode; port: number; tls: MirrorTls }) {
    this.#other = other
    this.#port = port
    // A resumed session would not be checked for the name again.
    this.#agent = new Agent({
      ...clientTls(tls, other.name),
      keepAlive: true,
      maxSockets: 6,
      maxCachedSessions: 0,
    })
  }

  /**
   * @param etag of the one we have: the answer then comes once there is another one, or after `waitMs`
   * @returns undefined when there is no other one
   */
  async manifest(
    { etag = '', waitMs = 0, rehash = false }: { etag?: string; waitMs?: number; rehash?: boolean },
    signal: AbortSignal,
  ): Promise<Fetched | undefined> {
    const path = `/manifest?wait=${Math.round(waitMs)}${rehash ? '&rehash=1' : ''}`
    const limitMs = rehash ? rehashMs : silentMs + waitMs
    const response = await this.#ask({ path, headers: { 'if-none-match': etag } }, limitMs, signal)
    if (response.statusCode === 304) {
      response.resume()
      return undefined
    }
    await this.#expect(response, 200)
    const reader = new ManifestReader()
    for await (const line of linesOf(response)) reader.add(line)
    return { etag: String(response.headers.etag), manifest: reader.end() }
  }

  /** The bytes of a content from there on. @throws Refused with 410 when the other node has it no longer */
  async *blob(sha256: string, from: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    const headers = from === 0 ? {} : { range: `bytes=${from}-` }
    const response = await this.#ask({ path: `/blobs/${sha256}`, headers }, silentMs, signal)
    try {
      await this.#expect(response, from === 0 ? 200 : 206)
      const range = response.headers['content-range']
      if (from > 0 && range?.startsWith(`bytes ${from}-`) !== true)
        throw new Refused(206, `asked for bytes from ${from}, got ${String(range)}`)
      for await (const piece of response) yield piece as Buffer
    } finally {
      response.destroy()
    }
  }

  async report(report: Report, signal: AbortSignal): Promise<void> {
    const response = await this.#ask(
      { path: '/report', method: 'POST' },
      silentMs,
      signal,
      JSON.stringify(report),
    )
    await this.#expect(response, 204)
    response.resume()
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask(
    options: RequestOptions,
    timeoutMs: number,
    signal: AbortSignal,
    body?: string,
  ): Promise<IncomingMessage> {
    const host = this.#other.address
    const asked = request({
      ...options,
      host,
      port: this.#port,
      agent: this.#agent,
      signal,
      timeout: timeoutMs,
    })
    const late = new Error(`${this.#other.name} (${host}:${this.#port}) was silent for ${timeoutMs} ms`)
    asked.on('timeout', () => asked.destroy(late))
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return response
  }

  async #expect(response: IncomingMessage, status: number): Promise<void> {
    if (response.statusCode === status) return
    const said = printable(await firstText(response), 200)
    throw new Refused(
      response.statusCode ?? 0,
      `${this.#other.name} answered ${response.statusCode}: ${said}`,
    )
  }
}

/** Not readline, which waits for ever when the connection breaks. @throws Error when it does */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let begun = ''
  for await (const piece of response.setEncoding('utf8')) {
    const lines = (begun + (piece as string)).split('\n')
    begun = lines.pop() ?? ''
    if (begun.length > longestLine) throw new Refusal('tooLarge', 'a line of the manifest never ends')
    yield* lines
  }
}

async function firstText(response: IncomingMessage): Promise<string> {
  for await (const piece of response) return String(piece)
  return ''
}
