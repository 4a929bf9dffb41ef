import type { Granted } from '../files/service.ts'
import type { TransferEnd } from '../status/activity.ts'
import type { Plan } from './conditional.ts'
import type { Exchange } from './exchange.ts'
import { rangeHeaders, validators, wholeFileHeaders, type HeaderBlock } from './headers.ts'
import { openPieces } from '../files/pieces.ts'
import { pieceBytes, sendPieces } from './send-file.ts'

/** A plan that has a file in it. */
export type FilePlan = Exclude<Plan, { status: 416 }>

/**
 * Answers GET or HEAD with a file, as planned.
 * @param allowTime called with the bytes to be sent, before the first is
 * @throws FileChanged, and what reading from a disk throws
 */
export async function sendGranted(
  exchange: Exchange,
  granted: Granted,
  plan: FilePlan,
  allowTime: (bytes: number) => void,
): Promise<void> {
  const { file } = granted
  if (plan.status === 304) {
    exchange.expect(endOf(granted, { result: 'unchanged', bytes: 0, code: 304 }))
    exchange.writeHead(304, validators(file)).end()
    return
  }
  const [headers, from, length] =
    plan.status === 206
      ? [rangeHeaders(file, plan), plan.from, plan.length]
      : [wholeFileHeaders(file), 0, file.size]
  const part = { status: plan.status, headers, from, length: exchange.request.method === 'HEAD' ? 0 : length }
  exchange.expect(endOf(granted, { result: 'sent', bytes: part.length, code: part.status }), file.size)
  allowTime(part.length)
  await sendPart(exchange, granted, part)
}

interface Part {
  status: 200 | 206
  headers: HeaderBlock
  from: number
  length: number
}

async function sendPart(
  exchange: Exchange,
  { file }: Granted,
  { status, headers, from, length }: Part,
): Promise<void> {
  const { content, size } = file
  if (length === 0) {
    exchange.writeHead(status, headers).end()
  } else if (content !== undefined && length <= pieceBytes) {
    exchange.writeHead(status, headers).end(length === size ? content : content.subarray(from, from + length))
  } else {
    const pieces = await openPieces(file)
    try {
      exchange.writeHead(status, headers)
      await sendPieces(exchange.response, pieces, { from, length }, exchange)
    } finally {
      await pieces.close()
    }
  }
}

function endOf({ file, kind, fallback, detail }: Granted, end: TransferEnd): TransferEnd {
  const about = { ...end, file: file.name, etag: file.etag, kind, fallback }
  return detail === undefined ? about : { ...about, detail }
}
