import type { Effect, Event } from './events.ts'
import { recorded } from './history.ts'
import { changedIncident, closed, type ClosedIncident, type Incident, type Incidents } from './incidents.ts'
import type { Kind } from './messages.ts'
import type { Moment, Rules } from './rules.ts'
import type { State, Watched } from './supervision.ts'
import { stateOf, whyOf, type Verdict } from './verdict.ts'

/** What is to be told, worded when all is decided. */
export type Told = { kind: Kind; incident: Incident } | { kind: 'recovered'; incident: ClosedIncident }

/** One step under way: what becomes of the state, and of the world. The state it began with stays as it is. */
export class Draft {
  state: State
  readonly now: Moment
  readonly rules: Rules
  readonly effects: Effect[] = []
  readonly told: Told[] = []

  constructor(before: State, event: Event, rules: Rules) {
    const atMs = Math.max(before.nowMs, event.atMs + before.offsetMs)
    this.now = { atMs, wall: event.wall, chance: event.chance }
    this.rules = rules
    this.state = { ...before, nowMs: atMs, wall: event.wall }
  }

  get probes(): [string, Watched][] {
    return Object.entries(this.state.probes)
  }

  get inMaintenance(): boolean {
    return this.state.maintenance !== undefined
  }

  /** Something could not be asked: what the others seem to be may be the watchdog's own trouble. */
  get isBlind(): boolean {
    return this.probes.some(([, { verdict }]) => verdict.blind !== undefined)
  }

  set(change: Partial<State>): void {
    this.state = { ...this.state, ...change }
  }

  setVerdict(name: string, verdict: Verdict): void {
    const watched = this.state.probes[name]
    if (watched === undefined || watched.verdict === verdict) return
    const [from, to] = [watched.verdict, verdict].map((each) => stateOf(each, this.inMaintenance))
    if (from !== undefined && to !== undefined && from !== to) {
      this.effects.push({ do: 'note', probe: name, from, to, why: whyOf(verdict) })
    }
    this.set({ probes: { ...this.state.probes, [name]: { ...watched, verdict } } })
  }

  probeSoon(name: string): void {
    const watched = this.state.probes[name]
    if (watched === undefined || watched.verdict.dueMs <= this.now.atMs) return
    this.setVerdict(name, { ...watched.verdict, dueMs: this.now.atMs })
    this.effects.push({ do: 'probe soon', name })
  }

  setIncidents(incidents: Incidents): void {
    this.set({ incidents })
  }

  setIncident(incident: Incident): void {
    this.setIncidents(changedIncident(this.state.incidents, incident))
  }

  /** Tells of an incident, and remembers when. */
  tell(kind: Kind, incident: Incident): void {
    this.setIncident({ ...incident, lastToldMs: this.now.atMs })
    this.told.push({ kind, incident })
  }

  /** The incident is over, and that is told. */
  close(id: string): void {
    this.setIncidents(closed(this.state.incidents, id, this.now))
    const over = this.state.incidents.closed.at(-1)
    if (over?.id === id) this.told.push({ kind: 'recovered', incident: over })
  }

  /** Looks anew: what was asked before is not judged or acted on any more. */
  lookAnew(): void {
    this.set({ sightMs: this.now.atMs })
    for (const [name] of this.probes) this.probeSoon(name)
  }

  /** How each probe stands goes into its day. */
  record(): void {
    const probes = this.probes.map(([name, watched]) => {
      const state = stateOf(watched.verdict, this.inMaintenance)
      const strip = recorded(watched.strip, state, this.now.atMs)
      return [name, strip === watched.strip ? watched : { ...watched, strip }] as const
    })
    this.set({ probes: Object.fromEntries(probes) })
  }
}
