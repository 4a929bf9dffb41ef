import type { z } from 'zod'
import type { pairTiming } from './pair.ts'

/** How fast the pair notices, and how sure it is. All in milliseconds, each on the machine's own monotonic clock. */
export interface Timing {
  /** How often the active node renews its claim. */
  renewMs: number
  /** How long one question to etcd may take. */
  etcdMs: number
  /** The active node stops this long after it *asked* for its last confirmed renewal. */
  deadlineMs: number
  /** The kernel drops the floating address this long after it was last told to keep it. */
  lifetimeMs: number
  /** The standby takes over after it has seen no change for this long. */
  observeMs: number
}

/** The kernel looks for ended addresses in steps of up to a quarter of a second, and running the hook takes its time. */
const kernelSlackMs = 250
const hookSlackMs = 50
/** Clocks of two machines may differ in rate by 5 %. */
const rate = 0.95

/**
 * What must hold so that the old active node is silent before the new one begins.
 * @returns a sentence for each rule that does not hold
 */
export function* unsafeTimings(timing: Timing): Iterable<string> {
  const { renewMs, etcdMs, deadlineMs, lifetimeMs, observeMs } = timing
  if (3 * renewMs > deadlineMs)
    yield `three renewals (renewMs, ${renewMs}) must fit into deadlineMs (${deadlineMs}), so that one lost answer is no failover`
  if (etcdMs > renewMs + 100)
    yield `etcdMs (${etcdMs}) must be at most renewMs + 100 (${renewMs + 100}), so that questions do not pile up`
  if (deadlineMs + 100 > rate * observeMs)
    yield `observeMs (${observeMs}) must be at least ${Math.ceil((deadlineMs + 100) / rate)}: the active node must have stopped before the standby begins`
  const silentMs = etcdMs + hookSlackMs + lifetimeMs + kernelSlackMs
  if (silentMs > rate * observeMs)
    yield `observeMs (${observeMs}) must be at least ${Math.ceil(silentMs / rate)}: the kernel may keep the floating address for ${silentMs} ms after the last renewal`
}

export const timingOf = (settings: z.infer<typeof pairTiming>): Timing => ({
  renewMs: settings.renewMs,
  etcdMs: settings.etcdMs,
  deadlineMs: settings.deadlineMs,
  lifetimeMs: settings.lifetimeSeconds * 1_000,
  observeMs: settings.observeMs,
})
