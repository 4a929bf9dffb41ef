import { Refusal, type RefusalReason } from '../../lib/files/refusal.ts'

/** For `assert.throws` and `assert.rejects`: it is a refusal for one of these reasons. */
export const refusedAs =
  (...reasons: readonly RefusalReason[]) =>
  (error: unknown): boolean =>
    error instanceof Refusal && reasons.includes(error.reason)

/** The same for one reason, with a detail that says why. */
export const refusedBecause =
  (reason: RefusalReason, detail: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.reason === reason && detail.test(error.detail)
