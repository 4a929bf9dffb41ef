import { messageOf } from '../base/message-of.ts'
import { Refusal, refusals, type RefusalReason } from '../files/refusal.ts'
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

/** How long a client may go on sending what we do not want, so that it gets to read why. */
export const lingerMs = 1_000

const retryLater: HeaderBlock = ['Retry-After', '30']
/** Somebody else takes over within moments. */
const retrySoon: HeaderBlock = ['Retry-After', '1']

/** @param realm of the question for credentials */
export function refusalAnswer({ reason, detail }: Refusal, realm: string): ShortAnswer {
  const { http: status, text } = refusals[reason]
  const result = reason === 'incomplete' ? 'broken' : 'refused'
  const close = closing.has(status)
  return { status, text, headers: headersOf(reason, status, realm), close, result, reason, detail }
}

/** What was asked for makes no sense, what follows is not wanted, or the client is to come back later. */
const closing: ReadonlySet<number> = new Set([400, 413, 503, 507])

function headersOf(reason: RefusalReason, status: number, realm: string): HeaderBlock {
  if (reason === 'notActive') return retrySoon
  if (status === 401) return ['WWW-Authenticate', `Basic realm="${realm}"`]
  return status === 503 ? retryLater : []
}

export function wrongMethod(method: string): ShortAnswer {
  return {
    status: 405,
    text: 'only GET, HEAD, PUT and DELETE are served here',
    headers: ['Allow', 'GET, HEAD, PUT, DELETE'],
    close: true,
    result: 'refused',
    reason: 'method',
    detail: `${method} is not served`,
  }
}

/** How long a file will be must be known before it is taken. */
export function lengthRequired(): ShortAnswer {
  return {
    status: 411,
    text: 'length required',
    headers: [],
    close: true,
    result: 'refused',
    reason: 'length',
    detail: 'an upload without Content-Length',
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
    detail: messageOf(error),
  }
}
