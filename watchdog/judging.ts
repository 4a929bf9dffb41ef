import type { Draft } from './draft.ts'
import { calmed } from './flapping.ts'
import type { Finding } from './probe.ts'
import { isRestart, mended } from './remedies.ts'
import type { Watched } from './supervision.ts'
import { isAtLimit, isInTrouble, judged, seen, type Surroundings, type Verdict } from './verdict.ts'

/** Time has passed since the event before: too much of it, or the end of something. */
export function passTime(draft: Draft, beforeMs: number): void {
  const { now, rules, state } = draft
  const gapMs = now.atMs - beforeMs
  if (gapMs > rules.stallMs) {
    const why = `nothing happened for ${Math.round(gapMs / 1_000)} s: the machine slept, or the watchdog got no CPU`
    draft.effects.push({ do: 'note', what: 'stood still', why })
    draft.lookAnew()
  }
  if (state.maintenance !== undefined && now.atMs >= state.maintenance.untilMs) endMaintenance(draft)
  for (const [name, { verdict }] of draft.probes) draft.setVerdict(name, calmed(verdict, now.atMs, rules))
}

export function endMaintenance(draft: Draft): void {
  const { maintenance, ...rest } = draft.state
  if (maintenance === undefined) return
  draft.effects.push({ do: 'note', what: 'maintenance over', why: `it was: ${maintenance.why}` })
  draft.state = rest
  draft.lookAnew()
}

export function hear(draft: Draft, name: string, finding: Finding): void {
  const watched = draft.state.probes[name]
  if (watched === undefined) return // asked before the settings changed
  const { now, rules } = draft
  const before = watched.verdict
  if (isStale(draft, finding)) return draft.probeSoon(name)
  if (draft.inMaintenance) return draft.setVerdict(name, seen(before, finding, now, rules))
  const after = judged(sheltered(draft, before), finding, surroundings(draft, watched), now, rules)
  draft.setVerdict(name, after)
  if (after.health === 'ok' && (before.health !== 'ok' || before.behind !== undefined)) {
    draft.set({ remedies: mended(draft.state.remedies, name) })
  }
  askOthers(draft, name, watched, after)
}

/** It was asked before the watchdog saw again: what came of that may be the watchdog's doing. */
function isStale({ state, now }: Draft, finding: Finding): boolean {
  const ms = finding.outcome === 'blind' ? 0 : finding.ms
  // Durations are rounded. What is found at the very moment of seeing again began before.
  return now.atMs - ms < state.sightMs - 1 || (now.atMs === state.sightMs && finding.outcome !== 'ok')
}

/** While the file server restarts, what was well before may miss. */
function sheltered({ state, now }: Draft, verdict: Verdict): Verdict {
  const { acting } = state.remedies
  const restarts = acting !== undefined && isRestart(acting.rung)
  return restarts ? { ...verdict, graceUntilMs: Math.max(verdict.graceUntilMs, now.atMs + 1) } : verdict
}

function surroundings(draft: Draft, { dependsOn, verdict }: Watched): Surroundings {
  const known = dependsOn.flatMap((name) => {
    const watched = draft.state.probes[name]
    return watched === undefined ? [] : [{ name, ...watched }]
  })
  const firstMissMs = isInTrouble(verdict) ? (verdict.firstMissMs ?? draft.now.atMs) : draft.now.atMs
  return {
    behind: known.find((each) => hides(each))?.name,
    confirmed: known.every((each) => isSettled(each, firstMissMs)),
  }
}

/**
 * With the file server in trouble, a door's misses are no news. A machine in trouble hides nothing: it may be so for
 * weeks, and what else breaks meanwhile must be told.
 */
const hides = ({ about, verdict }: Watched) =>
  about.kind !== 'machine' && (isInTrouble(verdict) || verdict.behind !== undefined)

/** Asked since, and not in doubt: only then those who need it can be called down. Who cannot be asked stops nobody. */
function isSettled({ about, verdict }: Watched, sinceMs: number): boolean {
  if (verdict.blind !== undefined) return true
  const isInDoubt = verdict.health === 'suspect' || verdict.health === 'recovering'
  if (about.kind === 'machine') return verdict.askedMs >= sinceMs && !isInDoubt
  return verdict.askedMs >= sinceMs && verdict.last?.finding.outcome === 'ok'
}

/** A first miss raises the question whether it is what it needs; the answer to that raises it for all who wait for it. */
function askOthers(
  draft: Draft,
  name: string,
  { dependsOn, verdict: before }: Watched,
  after: Verdict,
): void {
  if (!isInTrouble(before) && after.health === 'suspect') dependsOn.forEach((each) => draft.probeSoon(each))
  for (const [child, { dependsOn: needs, verdict }] of draft.probes) {
    if (!needs.includes(name)) continue
    const isFreed = verdict.behind === name && !isInTrouble(after)
    const isHeld = verdict.health === 'suspect' && isAtLimit(verdict, draft.rules)
    if (isFreed || (isHeld && after.blind === undefined)) draft.probeSoon(child)
  }
}
