import type { DrilledProtocol } from '../agent/views.ts'

/** What the prober's log says of an outage. All times are of the prober's own monotonic clock. */

export type Asked = DrilledProtocol['protocol']

/** One request, whose answer is known or was waited for in vain. */
export interface Try {
  protocol: Asked
  startedMs: number
  endedMs: number
  outcome: 'answered' | 'failed'
  /** Reign of the node that answered, where it said so. */
  epoch?: number
  why?: string
}

/** A phone has long asked again by then. */
export const lateMs = 1_000

export const isGood = ({ outcome, startedMs, endedMs }: Try): boolean =>
  outcome === 'answered' && endedMs - startedMs <= lateMs

/** Of one protocol's log. */
export function summarize(protocol: Asked, what: string, log: readonly Try[]): DrilledProtocol {
  const tries = log.filter((each) => each.protocol === protocol).toSorted((a, b) => a.startedMs - b.startedMs)
  const good = tries.filter(isGood)
  const answered = tries.filter(({ outcome }) => outcome === 'answered')
  return {
    protocol,
    what,
    asked: tries.length,
    failed: tries.length - answered.length,
    late: answered.length - good.length,
    longestGapMs: Math.round(longestGap(tries)),
    slowestMs: Math.round(good.reduce((slowest, each) => Math.max(slowest, tookMs(each)), 0)),
    longestPauseMs: Math.round(longestPause(tries)),
  }
}

const tookMs = ({ startedMs, endedMs }: Try) => endedMs - startedMs

/**
 * The longest interval in which requests were made and none of them was answered well. It lies between two good ones
 * that are neighbours by their start, so that it is the outage and not the time limit of those that failed; at the edges
 * of the log it is what was seen of it. Where nobody asked there is no gap: `longestPause` tells of that.
 * @param tries by their start
 */
export function longestGap(tries: readonly Try[]): number {
  let longest = 0
  let since: number | undefined // start of the last good one, or of the log
  let open = false
  for (const each of tries) {
    since ??= each.startedMs
    if (!isGood(each)) {
      open = true
      continue
    }
    if (open) longest = Math.max(longest, each.startedMs - since)
    since = each.startedMs
    open = false
  }
  const last = tries.at(-1)
  if (open && last !== undefined && since !== undefined)
    // The last request was answered neither, so the outage went on at least until it was given up.
    longest = Math.max(longest, last.endedMs - since)
  return longest
}

/** The longest time without a request: what happened in it was not seen. */
function longestPause(tries: readonly Try[]): number {
  return tries.reduce(
    (longest, { startedMs }, at) => Math.max(longest, startedMs - (tries[at - 1]?.startedMs ?? startedMs)),
    0,
  )
}

/**
 * Whether one client could see two nodes active: it heard of a reign, then asked, and an earlier reign answered.
 * Requests that overlap prove nothing.
 */
export function epochsOverlap(log: readonly Try[]): boolean {
  const told = log.flatMap((each) =>
    each.epoch === undefined || each.outcome !== 'answered' ? [] : [{ ...each, epoch: each.epoch }],
  )
  const byEnd = told.toSorted((a, b) => a.endedMs - b.endedMs)
  let heard = 0
  let highest = 0
  for (const { startedMs, epoch } of told.toSorted((a, b) => a.startedMs - b.startedMs)) {
    for (let next = byEnd[heard]; next !== undefined && next.endedMs < startedMs; next = byEnd[heard]) {
      highest = Math.max(highest, next.epoch)
      heard += 1
    }
    if (epoch < highest) return true
  }
  return false
}

/** Reigns that answered, in order. */
export const epochsIn = (log: readonly Try[]): number[] =>
  [...new Set(log.flatMap(({ epoch }) => (epoch === undefined ? [] : [epoch])))].toSorted((a, b) => a - b)
