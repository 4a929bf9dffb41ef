import { Refusal, refusals } from '../files/refusal.ts'
import { FileChanged } from '../files/stored-file.ts'
import type { TransferResult } from '../status/activity.ts'
import type { HeaderBlock } from './headers.ts'

/** An answer without a file: a status, a short text that repeats nothing of the request, and what to write down. */
export interface ShortAnswer {
  status: number
  text: string
  headers: HeaderBlock
  /** The connection ends with this answer, since we do not trust or want what may follow. */
  close: boolean
  result: TransferResult
  reason: string
  detail: string
}

const retryLater: HeaderBlock = ['Retry-After', '30']

export function refusalAnswer({ reason, detail }: Refusal): ShortAnswer {
  const { http: status, text } = refusals[reason]
  const headers = status === 503 ? retryLater : []
  return { status, text, headers, close: status === 503 || status === 400, result: 'refused', reason, detail }
}

export function wrongMethod(method: string): ShortAnswer {
  return {
    status: 405,
    text: 'only GET and HEAD are served here',
    headers: ['Allow', 'GET, HEAD'],
    close: true,
    result: 'refused',
    reason: 'method',
    detail: `${method} is not served`,
  }
}

export function unclearRequest(detail: string): ShortAnswer {
  return {
    status: 400,
    text: 'bad request',
    headers: [],
    close: true,
    result: 'refused',
    reason: 'badRequest',
    detail,
  }
}

export function outOfRange(size: number): ShortAnswer {
  return {
    status: 416,
    text: 'no such part',
    headers: ['Content-Range', `bytes */${size}`],
    close: false,
    result: 'refused',
    reason: 'range',
    detail: `the file ends at ${size}`,
  }
}

/** For a fault of ours; asking again may help where the file was only just replaced. */
export function faultAnswer(error: unknown): ShortAnswer {
  const changed = error instanceof FileChanged
  return {
    status: changed ? 503 : 500,
    text: changed ? 'the file is being replaced' : 'internal error',
    headers: changed ? retryLater : [],
    close: true,
    result: 'broken',
    reason: changed ? 'changed' : 'fault',
    detail: error instanceof Error ? error.message : String(error),
  }
}
