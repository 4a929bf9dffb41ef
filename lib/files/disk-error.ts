import { messageOf } from '../base/message-of.ts'
import { Refusal } from './refusal.ts'

export const errorCode = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

export const isAbsent = (error: unknown): boolean => {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** For a `catch` where there need not be anything. */
export function unlessMissing(error: unknown): undefined {
  if (errorCode(error) === 'ENOENT') return undefined
  throw error
}

/** What a failed change becomes: a refusal where the caller can understand it, else a fault with its cause. */
export function diskError(error: unknown, what: string): Error {
  if (error instanceof Refusal) return error
  switch (errorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Refusal('diskFull', `${what}: no space left on the disk`)
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ENOTEMPTY':
      return new Refusal('forbidden', `${what}: a file and a folder would have the same name`)
    default:
      return new Error(`${what}: ${messageOf(error)}`, { cause: error })
  }
}
