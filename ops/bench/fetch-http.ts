import { createHash } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Fetched } from './fetch-tftp.ts'

/** One GET on a connection of its own, as phones do it. */
export interface HttpRequest {
  protocol: 'http' | 'https'
  server: string
  port: number
  /** Local address to ask from. */
  from: string
  name: string
  userAgent: string
}

const timeoutMs = 120_000

/** @throws Error when the answer breaks off, or takes too long */
export async function fetchHttp(request: HttpRequest): Promise<Fetched> {
  const answer = await ask(request)
  const hash = createHash('sha256')
  for await (const piece of answer as AsyncIterable<Buffer>) hash.update(piece)
  return { status: answer.statusCode ?? 0, sha256: hash.digest('hex') }
}

function ask({ protocol, server, port, from, name, userAgent }: HttpRequest): Promise<IncomingMessage> {
  const request = protocol === 'https' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const sent = request({
      host: server,
      port,
      localAddress: from,
      path: `/${name}`,
      agent: false,
      // The certificate was made for this run and signs itself.
      rejectUnauthorized: false,
      headers: { 'User-Agent': userAgent, Connection: 'close' },
      signal: AbortSignal.timeout(timeoutMs),
    })
    sent.on('response', resolve)
    sent.on('error', reject)
    sent.end()
  })
}
