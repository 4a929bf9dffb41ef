import { setTimeout as delay } from 'node:timers/promises'

/** Time comes in as an argument, so that tests can drive it (test/support/clock.ts). */
export interface Clock {
  /** Milliseconds on the machine's monotonic clock: equal in all processes of one boot, never set back. */
  now(): number
  /** The wall clock: for people, dates on files and HTTP headers. Never for a deadline. */
  wallTime(): Date
  /** Runs `task` once after `ms`; the returned function takes it back, and is harmless afterwards. */
  after(ms: number, task: () => void): () => void
  /** Resolves after `ms`, or rejects with an AbortError once `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

// performance.now() counts from the start of this process; hrtime is CLOCK_MONOTONIC itself, but dearer to read.
// The first call takes most of a millisecond, which would be missing from then on.
performance.now()
const processStartedAt = Number(process.hrtime.bigint()) / 1e6 - performance.now()

export const systemClock: Clock = {
  now: () => processStartedAt + performance.now(),
  wallTime: () => new Date(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  sleep: (ms, signal) => delay(ms, undefined, { signal }),
}
