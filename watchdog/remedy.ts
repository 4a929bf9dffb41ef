import type { ProbeSubject } from './probe.ts'
import {
  effectMs,
  hourMs,
  isRestart,
  lastOf,
  spentOn,
  type Act,
  type Attempt,
  type Remedies,
  type Rung,
} from './remedies.ts'
import type { Moment, Rules } from './rules.ts'

/**
 * What may be done about what is down, the smallest thing first: open one door anew, restart the file server gracefully,
 * restart it hard, hand over to the other node. Told what is down and what was tried, it answers what to do now.
 *
 * - A rung that mended is used again; one that did not is passed over. At the top, the strongest is tried again, later
 *   each time, until the budget of the hour is spent; then it is said that we gave up, and tried again when there is
 *   room.
 * - After an attempt the next waits until the probe was asked anew, and longer if the attempt did what it should.
 * - A restart is one for all that is down.
 */

/** Something that is down, and may be mended. */
export interface Patient {
  incident: string
  probe: string
  about: ProbeSubject
  /** It comes and goes: only the smallest thing is done about it. */
  flapping: boolean
  /** When the question began that was answered last. */
  askedMs: number
}

export type Plan =
  | { do: Rung; fromMs: number; afterAskedMs: number }
  /** Nothing will be done. `final`: it may be called given up. */
  | { do: 'nothing'; why: string; final: boolean }

/** What comes next for one patient, if anything, and when at the earliest. */
export function planFor(patient: Patient, remedies: Remedies, atMs: number, rules: Rules): Plan {
  if (!rules.mayAct) return nothing('acting is switched off (watchdog.act)')
  const ladder = ladderOf(patient.about, rules)
  if (ladder.length === 0) return nothing('nothing the watchdog can do mends this')
  const rungs = ladder.filter((rung) => budgetOf(rung, rules) > 0)
  const affordable = rungs.filter((rung) => hasBudget(rung, patient.probe, remedies, atMs, rules))
  const rung = patient.flapping
    ? affordable.find((each) => each === rungs[0])
    : nextRung(rungs, affordable, remedies.tried[patient.probe] ?? {})
  if (rung !== undefined) return { do: rung, ...readyFor(rung, patient, remedies, rules) }
  return {
    do: 'nothing',
    why: patient.flapping ? 'it comes and goes, and enough was tried' : whyNothing(ladder, rules),
    final: !patient.flapping && effectIsKnown(patient, remedies, atMs, rules),
  }
}

/** The first patient whose time has come decides; patients come in the order of their incidents. */
export function nextAct(
  patients: readonly Patient[],
  remedies: Remedies,
  moment: Moment,
  rules: Rules,
): Act | undefined {
  if (remedies.acting !== undefined) return undefined
  for (const patient of patients) {
    const plan = planFor(patient, remedies, moment.atMs, rules)
    if (plan.do === 'nothing') continue
    if (moment.atMs < plan.fromMs || patient.askedMs < plan.afterAskedMs) continue
    const { incident, probe } = patient
    return { rung: plan.do, incident, probe, startedMs: moment.atMs, startedWall: moment.wall }
  }
  return undefined
}

/** All that could be done for such a subject, the smallest first. */
export function ladderOf(about: ProbeSubject, { mayRestart, hasPair }: Rules): Rung[] {
  if (about.kind === 'machine' || about.kind === 'refusal') return []
  return [
    ...(about.kind === 'door' ? (['reopen'] as const) : []),
    ...(mayRestart ? (['graceful', 'hard'] as const) : []),
    ...(hasPair ? (['hand over'] as const) : []),
  ]
}

/** What was not tried in vain; else the strongest once more, but for handing over. */
function nextRung(
  rungs: readonly Rung[],
  affordable: readonly Rung[],
  tried: Partial<Record<Rung, Attempt>>,
): Rung | undefined {
  const fresh = affordable.find((rung) => tried[rung] === undefined || tried[rung].mended)
  const strongest = rungs.filter((rung) => rung !== 'hand over').at(-1)
  return fresh ?? affordable.find((rung) => rung === strongest)
}

function hasBudget(rung: Rung, probe: string, remedies: Remedies, atMs: number, rules: Rules): boolean {
  const { timesMs } = spentOn(remedies, { rung, probe })
  return timesMs.filter((at) => atMs - at < hourMs).length < budgetOf(rung, rules)
}

/** A hand-over that did not help will not help twice in an hour. */
function budgetOf(rung: Rung, { reopensPerHour, restartsPerHour }: Rules): number {
  if (rung === 'reopen') return reopensPerHour
  return isRestart(rung) ? restartsPerHour : 1
}

function readyFor(rung: Rung, { probe }: Patient, remedies: Remedies, rules: Rules) {
  const last = lastOf(remedies.tried[probe])
  const { notBeforeMs } = spentOn(remedies, { rung, probe })
  if (last === undefined) return { fromMs: notBeforeMs, afterAskedMs: -Infinity }
  const { endedMs } = last.attempt
  return {
    fromMs: Math.max(notBeforeMs, endedMs + effectMs(last.rung, last.ok, rules)),
    afterAskedMs: endedMs,
  }
}

function effectIsKnown({ probe, askedMs }: Patient, remedies: Remedies, atMs: number, rules: Rules): boolean {
  const last = lastOf(remedies.tried[probe])
  if (last === undefined) return true
  const { endedMs } = last.attempt
  return askedMs >= endedMs && atMs >= endedMs + effectMs(last.rung, last.ok, rules)
}

function whyNothing(rungs: readonly Rung[], { reopensPerHour, restartsPerHour, mayRestart }: Rules): string {
  const budgets = [
    ...(rungs.includes('reopen') ? [`${reopensPerHour} reopens of one door`] : []),
    ...(mayRestart ? [`${restartsPerHour} restarts`] : ['no restart (watchdog.restart is "none")']),
  ]
  return `what the settings allow in an hour is spent: ${budgets.join(', ')}`
}

const nothing = (why: string): Plan => ({ do: 'nothing', why, final: false })
