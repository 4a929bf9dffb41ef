import type { Severity } from '../message.ts'
import { isAtLeast } from './digest.ts'

/** How long messages wait for a receiver that does not take them, and how many. */
export interface QueueRules {
  firstRetryMs: number
  longestRetryMs: number
  /** Messages that wait, at most. */
  most: number
  /** Counted from a start anew: the clock on the wall, which outlives a start, may jump and lose us everything. */
  oldestMs: number
}

export const usualQueueRules: QueueRules = {
  firstRetryMs: 2_000,
  longestRetryMs: 60_000,
  most: 500,
  oldestMs: 7 * 86_400_000,
}

/**
 * The wait before the next try: twice as long each time, and a fifth more or less, so that many do not knock at once.
 * @param chance 0 to 1
 */
export function retryMs(failures: number, chance: number, rules: QueueRules): number {
  const longest = Math.min(rules.longestRetryMs, rules.firstRetryMs * 2 ** Math.max(0, failures - 1))
  return Math.round(longest * (0.8 + 0.4 * chance))
}

export interface Waiting {
  severity: Severity
  /** When it was told or found on disk, by the monotonic clock. */
  since: number
}

/** What has to go: what is too old, and beyond the number the least severe first, of those the oldest. */
export function toDrop<T extends Waiting>(waiting: readonly T[], now: number, rules: QueueRules): T[] {
  const old = waiting.filter(({ since }) => now - since > rules.oldestMs)
  const young = waiting.filter((each) => !old.includes(each))
  const least = young.toSorted((a, b) => order(a.severity) - order(b.severity)) // which keeps the oldest first
  return [...old, ...least.slice(0, Math.max(0, young.length - rules.most))]
}

const order = (severity: Severity) =>
  (['warning', 'critical'] as const).filter((step) => isAtLeast(severity, step)).length
