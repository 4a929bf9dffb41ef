import type { IncomingMessage } from 'node:http'
import type { Upload } from '../files/upload.ts'
import type { Exchange } from './exchange.ts'
import { lengthRequired, unclearRequest, type ShortAnswer } from './short-answer.ts'
import { takeBody } from './take-body.ts'

/** What is wrong with a PUT itself, before its file is looked at. */
export function whyNotStored({ headers }: IncomingMessage): ShortAnswer | undefined {
  if (headers['transfer-encoding'] !== undefined || headers['content-length'] === undefined) {
    return lengthRequired()
  }
  // A part would replace the whole (RFC 9110, 14.5).
  return headers['content-range'] === undefined
    ? undefined
    : unclearRequest('a part of a file cannot be stored')
}

/**
 * Takes the body of a PUT and answers it. Whatever goes wrong, nothing of it is kept.
 * @throws Refusal, and what storing throws
 */
export async function storeUpload(
  exchange: Exchange,
  upload: Upload,
  bytes: number,
  allowTime: () => void,
): Promise<void> {
  const { request, response, connection } = exchange
  exchange.size = bytes
  try {
    allowTime()
    await takeBody(request, response, upload, exchange)
    connection.deadline = Number.POSITIVE_INFINITY
    await exchange.complete(() => commit(exchange, upload, bytes))
  } catch (error) {
    await upload.abort()
    throw error
  }
}

async function commit(exchange: Exchange, upload: Upload, bytes: number): Promise<void> {
  const status = (await upload.commit()) === 'created' ? 201 : 200
  exchange.expect({ result: 'stored', bytes, code: status }, bytes)
  exchange.writeHead(status, ['Content-Length', '0']).end()
}
