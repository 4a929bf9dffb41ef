import { Refusal, refusals } from '../files/refusal.ts'
import { FileChanged } from '../files/stored-file.ts'
import type { FtpCaller } from '../files/view.ts'
import type { Activity, TransferEnd, TransferHandle } from '../status/activity.ts'
import { Broken } from './data-channel.ts'
import { brokenReply, replies } from './replies.ts'
import type { BreakReason, Result } from './state.ts'

/** How work on a file fails. */
export type Failure = Extract<Result, { type: 'refused' | 'broken' | 'failed' }>

export interface WatchParts {
  activity: Pick<Activity, 'begin'>
  caller: FtpCaller
}

/**
 * Does something with a file, and lets activity know of it and of its end.
 * @throws what `work` throws
 */
export async function watched(
  { activity, caller: { address, port } }: WatchParts,
  { path, isUpload = false }: { path: string; isUpload?: boolean },
  work: (handle: TransferHandle) => Promise<TransferEnd>,
): Promise<void> {
  const start = { protocol: 'ftp', address, port, asked: path } as const
  const handle = activity.begin(isUpload ? { ...start, upload: true } : start)
  try {
    handle.end(await work(handle))
  } catch (error) {
    handle.end(endOf(failureOf(error), handle.sent, isUpload))
    throw error
  }
}

/** `failed` is what nobody foresaw. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return { type: 'refused', reason: error.reason, detail: error.detail }
  const how = whyBroken(error)
  return how === undefined ? { type: 'failed' } : { type: 'broken', how }
}

const networkErrors = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
])

function whyBroken(error: unknown): BreakReason | undefined {
  if (error instanceof Broken) return error.how
  if (error instanceof FileChanged) return 'file changed'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return networkErrors.has(code) || code.startsWith('ERR_SSL') ? 'connection lost' : undefined
}

function endOf(failure: Failure, bytes: number, isUpload: boolean): TransferEnd {
  switch (failure.type) {
    case 'refused': {
      const { reason, detail } = failure
      return { result: 'refused', bytes, reason, detail, code: refusals[reason].ftp }
    }
    case 'broken':
      return {
        result: 'broken',
        bytes,
        reason: failure.how,
        code: brokenReply(failure.how, isUpload).code,
      }
    case 'failed':
      return { result: 'broken', bytes, reason: 'server error', code: replies.localError.code }
  }
}
