import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Protocol } from '../../lib/base/protocol.ts'
import { wireBytes } from './hostile-names.ts'
import type { TestNode } from './node.ts'
import { TftpError, tftpFetch } from './tftp-client.ts'

/** What a phone hears, whichever door it asks. */
export interface Answer {
  /** HTTP status, or TFTP error code; 200 also stands for a TFTP file. */
  code: number
  body: Buffer
  headers: Record<string, string | string[] | undefined>
}

export const doors: readonly Protocol[] = ['http', 'https', 'tftp']

/** Asks one door for a file, from a loopback address of its own choice. */
export async function ask(
  node: TestNode,
  protocol: Protocol,
  name: string,
  from = '127.0.0.1',
): Promise<Answer> {
  const port = node.port(protocol)
  if (protocol === 'tftp') return askTftp(port, name, from)
  const send = protocol === 'https' ? requestTls : request
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options = {
    host: '127.0.0.1',
    port,
    path: `/${percentEncoded(name)}`,
    localAddress: from,
    rejectUnauthorized: false,
    agent: false as const,
  }
  send(options, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () =>
      resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks), headers: response.headers }),
    )
    response.on('error', reject)
  })
    .on('error', reject)
    .end()
  return promise
}

/** Every byte of a name that is not plainly harmless, so that it reaches the door exactly as it is. */
export const percentEncoded = (name: string): string =>
  [...wireBytes(name)]
    .map((byte) =>
      /[\w./-]/.test(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).padStart(2, '0')}`,
    )
    .join('')

async function askTftp(port: number, name: string, address: string): Promise<Answer> {
  try {
    const { bytes } = await tftpFetch(name, { port, from: { address }, options: { blksize: 1428 } })
    return { code: 200, body: bytes, headers: {} }
  } catch (error) {
    if (error instanceof TftpError) return { code: error.code, body: Buffer.alloc(0), headers: {} }
    throw error
  }
}
