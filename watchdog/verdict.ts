import { changed, troubled, watched } from './flapping.ts'
import { learned, unlearned, type Latency } from './latency.ts'
import type { Finding } from './probe.ts'
import type { Moment, Rules } from './rules.ts'

/**
 * What is thought of one probe, without clock or network: told what was found and when, it answers how the probe
 * stands. A miss counts one up and a success one back, as the product of 2007 did it; up to the limit it is suspect, at
 * the limit it is down.
 *
 * - Mended is what answered twice in a row: once may be its last gasp, and counting all the way back would keep a door
 *   down that has been serving for a minute.
 * - What could not be asked counts neither way, nor does a miss while something it needs is in trouble.
 */

export type ProbeState =
  'unknown' | 'ok' | 'suspect' | 'down' | 'recovering' | 'flapping' | 'maintenance' | 'blind'

export interface Verdict {
  health: 'unknown' | 'ok' | 'suspect' | 'down' | 'recovering'
  /** Misses that count. */
  counter: number
  /** The latest answers, oldest first, `x` a miss and `o` a success; as many as `failuresOf`. */
  recent: string
  /** In a row, since it was down. */
  successes: number
  /** When it last changed, and a sentence why. */
  sinceMs: number
  since: string
  why: string
  /** First miss of the trouble it is in. */
  firstMissMs?: number
  lastMissMs?: number
  /** When the question began that was answered last. */
  askedMs: number
  dueMs: number
  /** Until then misses do not count, unless it answers before. */
  graceUntilMs: number
  /** When it went down or was mended, as far as that counts for flapping. */
  changes: number[]
  /** When it lately became suspect. */
  troubles: number[]
  flapping?: true
  /** It could not be asked; how often in a row. */
  blind?: { why: string; times: number }
  /** What it needs is in trouble: its misses are no news. */
  behind?: string
  /** Of its last success: it works, but a person should know. */
  warning?: string
  last?: { finding: Finding; atMs: number; wall: string }
  latency: Latency
}

/** What is known of the others when an answer of one comes in. */
export interface Surroundings {
  /** A probe it depends on that is in trouble. */
  behind: string | undefined
  /** What it depends on was asked since the first miss, and is not in doubt: this one may be called down. */
  confirmed: boolean
}

const successesThatMend = 2
export function firstVerdict({ atMs, wall }: Moment, rules: Rules): Verdict {
  return {
    health: 'unknown',
    counter: 0,
    recent: '',
    successes: 0,
    sinceMs: atMs,
    since: wall,
    why: 'it was not asked yet',
    askedMs: -1,
    dueMs: atMs,
    graceUntilMs: atMs + rules.graceMs,
    changes: [],
    troubles: [],
    latency: unlearned,
  }
}

/** How a probe is shown: what keeps it from being judged goes before what was judged. */
export function stateOf(verdict: Verdict, inMaintenance: boolean): ProbeState {
  if (inMaintenance) return 'maintenance'
  if (verdict.blind !== undefined) return 'blind'
  if (verdict.flapping === true) return 'flapping'
  if (verdict.behind !== undefined) return 'unknown'
  return verdict.health
}

export function whyOf({ blind, behind, why }: Verdict): string {
  if (blind !== undefined) return blind.why
  return behind === undefined ? why : `it is not judged while ${behind} is in trouble`
}

export const isWell = ({ health, blind, behind, flapping }: Verdict): boolean =>
  health === 'ok' && blind === undefined && behind === undefined && flapping === undefined

export const isInTrouble = ({ health }: Verdict): boolean =>
  health === 'suspect' || health === 'down' || health === 'recovering'

/** An answer that is not judged, as in maintenance: seen, and asked again in time. */
export function seen(before: Verdict, finding: Finding, moment: Moment, rules: Rules): Verdict {
  const last = { finding, atMs: moment.atMs, wall: moment.wall }
  const askedMs = finding.outcome === 'blind' ? before.askedMs : moment.atMs - finding.ms
  return paced({ ...before, last, askedMs }, moment, rules)
}

export function judged(
  before: Verdict,
  finding: Finding,
  around: Surroundings,
  moment: Moment,
  rules: Rules,
): Verdict {
  const { blind, behind: _, ...rest } = seen(before, finding, moment, rules)
  if (finding.outcome === 'blind') {
    const times = (blind?.times ?? 0) + 1
    return paced({ ...rest, ...behindOf(before), blind: { why: finding.why, times } }, moment, rules)
  }
  const after =
    finding.outcome === 'ok'
      ? answered(rest, finding, moment, rules)
      : missed(rest, finding.why, around, moment, rules)
  return paced(after, moment, rules)
}

function answered(
  before: Verdict,
  { ms, warning }: Finding & { outcome: 'ok' },
  moment: Moment,
  rules: Rules,
): Verdict {
  const { warning: _, ...rest } = before
  const counter = Math.max(0, before.counter - 1)
  const counted = {
    ...rest,
    ...(warning === undefined ? {} : { warning }),
    counter,
    recent: remembered(before.recent, 'o', rules),
    graceUntilMs: 0,
    latency: learned(before.latency, ms),
  }
  if (before.health === 'unknown') return turned(counted, 'ok', 'it answered', moment)
  if (before.health === 'suspect') {
    return counter > 0 ? counted : watched(turned(counted, 'ok', 'it answers again', moment), moment, rules)
  }
  return before.health === 'ok' ? counted : mending(counted, moment, rules)
}

function mending(counted: Verdict, moment: Moment, rules: Rules): Verdict {
  const successes = counted.successes + 1
  if (counted.counter > 0 && successes < successesThatMend) {
    return turned({ ...counted, successes }, 'recovering', 'it answered', moment)
  }
  const well = turned({ ...counted, counter: 0, recent: '' }, 'ok', 'it answers again', moment)
  return watched(changed(well, moment), moment, rules)
}

function missed(before: Verdict, why: string, around: Surroundings, moment: Moment, rules: Rules): Verdict {
  const { behind, confirmed } = around
  if (behind !== undefined) return { ...before, behind, lastMissMs: moment.atMs }
  const isDown = before.health === 'down' || before.health === 'recovering'
  if (moment.atMs < before.graceUntilMs && !isDown) return before
  const counted: Verdict = {
    ...before,
    counter: isDown ? rules.failureLimit : Math.min(rules.failureLimit, before.counter + 1),
    recent: remembered(before.recent, 'x', rules),
    successes: 0,
    lastMissMs: moment.atMs,
    ...(isInTrouble(before) ? {} : troubled(before, moment)),
  }
  if (isDown) return turned(counted, 'down', why, moment)
  if (!isAtLimit(counted, rules) || !confirmed) return turned(counted, 'suspect', why, moment)
  return changed(turned({ ...counted, counter: rules.failureLimit }, 'down', why, moment), moment)
}

export const isAtLimit = ({ counter, recent }: Verdict, { failureLimit, failuresOf }: Rules): boolean =>
  counter >= failureLimit || (failuresOf > 0 && recent.split('x').length - 1 >= failureLimit)

const remembered = (recent: string, mark: 'o' | 'x', { failuresOf }: Rules) =>
  failuresOf === 0 ? '' : (recent + mark).slice(-failuresOf)

const behindOf = ({ behind }: Verdict) => (behind === undefined ? {} : { behind })

function turned(verdict: Verdict, health: Verdict['health'], why: string, moment: Moment): Verdict {
  if (health === verdict.health) return verdict
  return { ...verdict, health, why, sinceMs: moment.atMs, since: moment.wall }
}

/** Sets when it is due. What is well is not asked by all at the same time; what is in trouble, as soon as said. */
function paced(verdict: Verdict, { atMs, chance }: Moment, rules: Rules): Verdict {
  const { health, blind, behind, last } = verdict
  const isCalm = behind !== undefined || (health === 'ok' && last?.finding.outcome === 'ok')
  const paceMs = isCalm && blind === undefined ? rules.intervalMs * (0.9 + 0.2 * chance) : rules.suspectMs
  return { ...verdict, dueMs: atMs + Math.round(paceMs) }
}
