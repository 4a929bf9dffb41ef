import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestTls } from 'node:https'
import { once } from 'node:events'

/** One HTTP exchange on a connection of its own: one that is kept alive would hang on the node that is gone. */

export interface WebPlace {
  host: string
  port: number
  tls: boolean
}

export interface WebAnswer {
  status: number
  /** Of X-HA-Epoch: the reign of the node that answered. */
  epoch: number | undefined
  body: Buffer
}

export interface WebQuestion {
  method: 'GET' | 'PUT' | 'DELETE'
  path: string
  headers?: Record<string, string>
  body?: Buffer
}

/** Nothing that is asked for is longer. */
const mostBytes = 65_536

export async function askHttp(
  { host, port, tls }: WebPlace,
  { method, path, headers = {}, body }: WebQuestion,
  signal: AbortSignal,
): Promise<WebAnswer> {
  const options: RequestOptions = {
    host,
    port,
    path,
    method,
    agent: false,
    signal,
    headers: { ...headers, ...(body === undefined ? {} : { 'Content-Length': String(body.length) }) },
  }
  // Whose certificate it is says nothing about whether phones are answered.
  const asked = tls ? requestTls({ ...options, rejectUnauthorized: false }) : request(options)
  try {
    asked.end(body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, epoch: epochIn(response), body: await bodyOf(response) }
  } finally {
    asked.on('error', () => {}) // what still comes of it concerns nobody
    asked.destroy()
  }
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > mostBytes) break
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function epochIn({ headers }: IncomingMessage): number | undefined {
  const value = headers['x-ha-epoch']
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
