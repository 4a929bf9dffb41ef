import type { Moment, Rules } from './rules.ts'
import type { Verdict } from './verdict.ts'

/** What comes and goes is told once, instead of each time; it needs a calm time to be trusted again. */

/** Three outages in so short a time, and it flaps. */
const changesOfFlapping = 6
const flappingWithinMs = 600_000
/** So does what is suspected that often among so many answers, though it is never down: it half works. */
const troublesOfFlapping = 8
const troublesAmong = 60
/** Nothing has happened for so long, and for ten answers, and it does not flap any more. */
const calmMs = 300_000

/** Time has passed: flapping may have ended. */
export function calmed(before: Verdict, atMs: number, { intervalMs }: Rules): Verdict {
  if (before.flapping === undefined) return before
  const lastMs = Math.max(...before.changes.slice(-1), ...before.troubles.slice(-1))
  if (atMs - lastMs < Math.max(calmMs, 10 * intervalMs)) return before
  const { flapping: _, ...rest } = before
  return { ...rest, changes: [], troubles: [] }
}

/** It went down, or was mended. */
export const changed = (verdict: Verdict, { atMs }: Moment): Verdict => ({
  ...verdict,
  changes: [...verdict.changes, atMs].slice(-2 * changesOfFlapping),
})

export const troubled = ({ troubles }: Verdict, { atMs }: Moment) => ({
  firstMissMs: atMs,
  troubles: [...troubles, atMs].slice(-troublesOfFlapping),
})

/** Whether it flaps is seen when it is well again, so that each outage was told before. */
export function watched(verdict: Verdict, { atMs }: Moment, { intervalMs }: Rules): Verdict {
  const { changes, troubles } = verdict
  const outages = changes.filter((at) => atMs - at <= flappingWithinMs)
  const lately = troubles.filter((at) => atMs - at <= troublesAmong * intervalMs)
  const flaps = outages.length >= changesOfFlapping || lately.length >= troublesOfFlapping
  return flaps ? { ...verdict, flapping: true } : verdict
}
