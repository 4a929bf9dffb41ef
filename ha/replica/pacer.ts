import type { Clock } from '../../lib/base/clock.ts'
import { bytesPerSecond, TokenBucket } from '../mirror/wire/token-bucket.ts'

/** Resolves once so many bytes more may be sent. */
export type Pace = (bytes: number) => Promise<void>

export const noPace: Pace = async () => {}

/** For contents that are fetched; what happens now is never held up. */
export function makePacer(mbitPerSecond: number, clock: Clock, stopping: AbortSignal): Pace {
  const bucket = new TokenBucket(bytesPerSecond(mbitPerSecond), clock.now())
  return async (bytes) => {
    const waitMs = bucket.take(bytes, clock.now())
    if (waitMs > 0) await clock.sleep(waitMs, stopping).catch(() => {})
  }
}
