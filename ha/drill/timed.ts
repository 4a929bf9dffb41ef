import { printable } from '../../lib/base/printable.ts'

/** Something else came than what was asked for. */
export class WrongAnswer extends Error {}

/** Why a request failed, in a few words. */
export function whyFailed(error: unknown): string {
  if (error instanceof WrongAnswer) return error.message
  if (error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name))
    return 'no answer in time'
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof code === 'string') return code
  return printable(error instanceof Error ? error.message : String(error), 100)
}
