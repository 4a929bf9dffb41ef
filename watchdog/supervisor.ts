import { Draft, type Told } from './draft.ts'
import type { Effect, Event } from './events.ts'
import { endMaintenance, hear, passTime } from './judging.ts'
import { acted, mend, nextWords } from './mending.ts'
import type { Message } from './message.ts'
import { messageOf, recoveryOf } from './messages.ts'
import type { Rules } from './rules.ts'
import { settleIncidents } from './settling.ts'
import type { State } from './supervision.ts'

/**
 * The watchdog's mind: judges findings, keeps incidents, chooses what to do. Without clock, network or log; all it knows
 * is in `state`, which is not changed but replaced.
 */
export function step(state: State, event: Event, rules: Rules): { state: State; effects: Effect[] } {
  const draft = new Draft(state, event, rules)
  passTime(draft, state.nowMs)
  take(draft, event)
  settleIncidents(draft)
  mend(draft)
  draft.record()
  const tells = draft.told.map((told): Effect => ({ do: 'tell', message: worded(draft, told) }))
  return { state: draft.state, effects: inOrder([...draft.effects, ...tells]) }
}

function take(draft: Draft, event: Event): void {
  const { offsetMs, maintenance } = draft.state
  switch (event.type) {
    case 'tick':
      return
    case 'finding':
      return hear(draft, event.name, event.finding)
    case 'acted':
      return acted(draft, event.rung, event.ok, event.why)
    case 'acknowledge':
    case 'snooze':
      return quiet(draft, event)
    case 'maintenance on':
      return draft.set({ maintenance: { untilMs: event.untilMs + offsetMs, why: event.why } })
    case 'maintenance off':
      return maintenance === undefined ? undefined : endMaintenance(draft)
    case 'hurt':
      return draft.set({ hurt: event.text })
  }
}

function quiet(draft: Draft, event: Event & { type: 'acknowledge' | 'snooze' }): void {
  const { incidents, offsetMs } = draft.state
  const incident = incidents.open.find(({ id }) => id === event.incident)
  if (incident === undefined) return
  const { by } = event
  const how =
    event.type === 'acknowledge'
      ? { acknowledgedBy: by }
      : { snoozed: { untilMs: event.untilMs + offsetMs, by } }
  draft.setIncident({ ...incident, ...how })
}

function worded(draft: Draft, told: Told): Message {
  const { state, now, rules } = draft
  const { incident } = told
  const telling = {
    node: rules.node,
    wall: now.wall,
    atMs: now.atMs,
    hurt: state.hurt,
    about: state.probes[incident.probe]?.about,
    next: nextWords(draft, incident),
  }
  return told.kind === 'recovered'
    ? recoveryOf(told.incident, telling)
    : messageOf(told.kind, told.incident, telling)
}

/** What mends comes before what tells; a person reads later than a phone asks. */
const order: readonly Effect['do'][] = [
  'note',
  'evidence',
  'reopen',
  'restart',
  'hand over',
  'tell',
  'probe soon',
]

const inOrder = (effects: readonly Effect[]): Effect[] =>
  effects.toSorted((a, b) => order.indexOf(a.do) - order.indexOf(b.do))
