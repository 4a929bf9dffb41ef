import { request as requestOverHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestOverHttps } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { Missed, type Attempt } from './attempt.ts'
import type { Target } from './target.ts'

export interface HttpQuestion {
  target: Target
  /** Of HTTPS. */
  tls?: ConnectionOptions
  method: 'GET' | 'PUT' | 'DELETE'
  /** As it goes over the wire. */
  path: string
  body?: Buffer
}

export interface HttpAnswer {
  status: number
  version: string
  headers: IncomingMessage['headers']
  body: Buffer
}

/** What the time from request to answer counts as. */
const phases = { GET: 'read', PUT: 'write', DELETE: 'delete' } as const
/** Nothing that is asked for is longer. */
const mostBytes = 1 << 20

/** Asks once, over a connection of its own, and reads the whole answer. */
export async function askHttp(attempt: Attempt, question: HttpQuestion): Promise<HttpAnswer> {
  const { method, body } = question
  const request = open(attempt, question)
  try {
    return await attempt.phase(phases[method], async () => {
      measure(attempt, request)
      request.end(body)
      const response = await answered(request)
      return {
        status: response.statusCode ?? 0,
        version: response.httpVersion,
        headers: response.headers,
        body: await wholeOf(response),
      }
    })
  } finally {
    request.destroy()
  }
}

/**
 * Announces a body but sends none, so that no harm is done where it is taken.
 * @returns the status of the refusal, or 100: the body is welcome
 */
export async function announceBody(attempt: Attempt, question: HttpQuestion, bytes: number): Promise<number> {
  const headers = { Expect: '100-continue', 'Content-Length': bytes }
  const request = open(attempt, question, headers)
  const welcome = Promise.withResolvers<number>()
  request.once('continue', () => welcome.resolve(100))
  request.flushHeaders()
  try {
    return await Promise.race([welcome.promise, answered(request).then(({ statusCode }) => statusCode ?? 0)])
  } finally {
    request.destroy()
  }
}

function open(attempt: Attempt, { target, tls, method, path, body }: HttpQuestion, more = {}): ClientRequest {
  const options = {
    host: target.host,
    port: target.port,
    localAddress: target.from,
    method,
    path,
    headers: { 'User-Agent': 'Twintone-watchdog', ...(body && { 'Content-Length': body.length }), ...more },
    agent: false,
    signal: attempt.signal,
  } as const
  const request = tls === undefined ? requestOverHttp(options) : requestOverHttps({ ...tls, ...options })
  request.on('error', () => {}) // also after the answer, when nobody waits any more
  return request
}

function measure(attempt: Attempt, request: ClientRequest): void {
  const from = attempt.askedMs
  request.once('socket', (socket) => {
    let connectedMs = from
    socket.once('connect', () => {
      connectedMs = attempt.askedMs
      attempt.add('connect', connectedMs - from)
    })
    socket.once('secureConnect', () => attempt.add('tls', attempt.askedMs - connectedMs))
  })
  request.once('response', () => attempt.add('firstByte', attempt.askedMs - from))
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.once('response', resolve)
  request.once('error', reject)
  return promise
}

async function wholeOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > mostBytes) throw new Missed(`more than ${mostBytes} bytes came`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
