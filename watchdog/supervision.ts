import { dayOf, type Strip } from './history.ts'
import { noIncidents, type ClosedIncident, type Incident, type Incidents } from './incidents.ts'
import type { Finding, Probe, ProbeSubject } from './probe.ts'
import { noRemedies, type Act, type Remedies } from './remedies.ts'
import type { Moment, Rules } from './rules.ts'
import { firstVerdict, stateOf, whyOf, type ProbeState, type Verdict } from './verdict.ts'

/**
 * All that the watchdog knows, as plain data: stored as JSON and begun from again, an open incident stays the same one.
 * Times in it are milliseconds of a clock of its own, which goes on where it stopped when the watchdog is started anew.
 */
export interface State {
  version: 1
  /** Added to the clock of the shell, which begins somewhere else after each start. */
  offsetMs: number
  /** The latest event. */
  nowMs: number
  wall: string
  /** Nothing asked before is judged or acted on: the watchdog started, stood still, or was told to look away. */
  sightMs: number
  probes: Record<string, Watched>
  incidents: Incidents
  remedies: Remedies
  maintenance?: { untilMs: number; why: string }
  /** Which phones are hurt, in words; empty if nobody said. */
  hurt: string
}

export interface Watched {
  about: ProbeSubject
  dependsOn: readonly string[]
  verdict: Verdict
  strip?: Strip
}

export type Asked = Pick<Probe, 'name' | 'about' | 'dependsOn'>

/**
 * @param stored what was stored last, if anything; of another version, it counts as nothing
 * @param asked every probe there is; what is known of others is forgotten, and their incidents end with the next step
 */
export function begin(
  stored: State | undefined,
  asked: readonly Asked[],
  moment: Moment,
  rules: Rules,
): State {
  const before = stored?.version === 1 ? stored : undefined
  const nowMs = before === undefined ? moment.atMs : before.nowMs + awayMs(before.wall, moment.wall)
  const now = { ...moment, atMs: nowMs }
  const probes = asked.map(({ name, about, dependsOn }) => {
    const known = before?.probes[name]
    const verdict = known === undefined ? firstVerdict(now, rules) : resumed(known.verdict, now, rules)
    return [name, { ...known, about, dependsOn: [...dependsOn], verdict }] as const
  })
  return {
    incidents: noIncidents,
    hurt: '',
    ...before,
    remedies: before === undefined ? noRemedies : abandoned(before.remedies, nowMs, rules),
    version: 1,
    offsetMs: nowMs - moment.atMs,
    nowMs,
    wall: moment.wall,
    sightMs: nowMs,
    probes: Object.fromEntries(probes),
  }
}

/** When each probe is to be asked next, by the clock of the shell, the first first. */
export function due({ probes, offsetMs }: State): { name: string; dueMs: number }[] {
  return Object.entries(probes)
    .map(([name, { verdict }]) => ({ name, dueMs: verdict.dueMs - offsetMs }))
    .toSorted((a, b) => a.dueMs - b.dueMs)
}

/** What pages and commands show. Lengths instead of times, for nobody else knows our clock. */
export interface View {
  probes: ProbeView[]
  open: Incident[]
  closed: ClosedIncident[]
  acting?: Act
  maintenance?: { why: string; leftMs: number }
}

export interface ProbeView {
  name: string
  state: ProbeState
  /** A sentence: what it waits for, or why it stands as it does. */
  why: string
  since: string
  forMs: number
  counter: number
  /** What it depends on and is in trouble. */
  behind?: string
  warning?: string
  last?: { finding: Finding; wall: string; agoMs: number }
  /** Absent until it is learned. */
  normalMs?: number
  dueInMs: number
  /** 288 slots of five minutes, the oldest first. */
  day: (ProbeState | undefined)[]
}

/** @param atMs of the shell's clock */
export function viewOf(state: State, atMs: number): View {
  const nowMs = Math.max(state.nowMs, atMs + state.offsetMs)
  const { incidents, remedies, maintenance } = state
  return {
    probes: Object.entries(state.probes).map(([name, watched]) =>
      probeView(name, watched, nowMs, maintenance !== undefined),
    ),
    open: incidents.open,
    closed: incidents.closed,
    ...(remedies.acting === undefined ? {} : { acting: remedies.acting }),
    ...(maintenance === undefined
      ? {}
      : { maintenance: { why: maintenance.why, leftMs: Math.max(0, maintenance.untilMs - nowMs) } }),
  }
}

function probeView(
  name: string,
  { verdict, strip }: Watched,
  nowMs: number,
  inMaintenance: boolean,
): ProbeView {
  const { behind, warning, last, latency, counter, sinceMs, since, dueMs } = verdict
  return {
    name,
    state: stateOf(verdict, inMaintenance),
    why: whyOf(verdict),
    since,
    forMs: nowMs - sinceMs,
    counter,
    ...(behind === undefined ? {} : { behind }),
    ...(warning === undefined ? {} : { warning }),
    ...(last === undefined
      ? {}
      : { last: { finding: last.finding, wall: last.wall, agoMs: nowMs - last.atMs } }),
    ...(latency.answers < 10 ? {} : { normalMs: latency.normalMs }),
    dueInMs: dueMs - nowMs,
    day: dayOf(strip, nowMs),
  }
}

/** All may be starting anew together with the watchdog: misses do not count for a while, and nobody is blind by hearsay. */
function resumed(verdict: Verdict, { atMs }: Moment, { graceMs }: Rules): Verdict {
  const { blind: _, ...rest } = verdict
  return { ...rest, dueMs: atMs, graceUntilMs: atMs + graceMs }
}

/** Who asked for what is under way is gone: its end will not be reported, and it counts as failed with the next step. */
function abandoned({ acting, ...rest }: Remedies, nowMs: number, { actLimitMs }: Rules): Remedies {
  return acting === undefined ? rest : { ...rest, acting: { ...acting, startedMs: nowMs - actLimitMs } }
}

/** How long the watchdog was away, by clocks on the wall: they may have been set meanwhile, so only as far as credible. */
function awayMs(before: string, after: string): number {
  const ms = Date.parse(after) - Date.parse(before)
  return Number.isFinite(ms) ? Math.min(longestAwayMs, Math.max(0, ms)) : 0
}

const longestAwayMs = 7 * 86_400_000
