import type { Clock } from '../../lib/base/clock.ts'
import { noAnswer } from './unavailable.ts'

/** What becomes of `work` within the limit; later, nobody hears of it. @throws Error when it takes longer */
export async function limited<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const cancel = clock.after(limitMs, () => late.reject(new Error(noAnswer(limitMs))))
  try {
    return await Promise.race([work, late.promise])
  } finally {
    cancel()
  }
}
