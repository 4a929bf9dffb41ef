import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { TestContext } from 'node:test'
import { manifestLines, type Entry, type Manifest } from '../../ha/mirror/manifest.ts'
import { serverTls, type MirrorTls } from '../../ha/mirror/wire/tls.ts'

export interface FakeActive {
  /** Lines of the manifest it tells. */
  lines: readonly string[]
  /** What was asked for blobs: the Range header, or empty. */
  ranges: string[]
  /** How it answers a question for a content. */
  blob: (asked: IncomingMessage, response: ServerResponse) => void
}

/** An active node that says what a test wants. */
export async function startFakeActive(
  t: TestContext,
  { address, port, tls }: { address: string; port: number; tls: MirrorTls },
): Promise<FakeActive> {
  const fake: FakeActive = {
    lines: [],
    ranges: [],
    blob: (_, response) => void response.writeHead(410).end(),
  }
  const server = createServer(serverTls(tls), (asked, response) => {
    if (asked.url?.startsWith('/blobs/') === true) {
      fake.ranges.push(asked.headers.range ?? '')
      fake.blob(asked, response)
    } else if (asked.method === 'POST') {
      asked.resume()
      response.writeHead(204).end()
    } else answerManifest(fake.lines, asked, response)
  })
  server.listen(port, address)
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return fake
}

/** Says at once, instead of in a while, that there is nothing new. */
function answerManifest(lines: readonly string[], asked: IncomingMessage, response: ServerResponse): void {
  const text = lines.map((line) => `${line}\n`).join('')
  const etag = sha256Of(text)
  if (asked.headers['if-none-match'] === etag) {
    setTimeout(() => response.writeHead(304).end(), 50)
    return
  }
  response.writeHead(200, { etag }).end(text)
}

export const sha256Of = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex')

export const manifestOf = (entries: readonly Entry[], more: Partial<Manifest> = {}): string[] =>
  manifestLines({ node: 'node-a', role: 'active', run: 'r', entries, unsure: [], pending: [], ...more })
