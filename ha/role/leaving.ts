import type { Draft } from './draft.ts'
import type { Event, PairRecord, State } from './state.ts'

/** Begins a planned hand-over: what is being saved may end first. */
export function handOver(draft: Draft, { to, drainMs, why }: Event & { type: 'hand over' }): void {
  const { state, now } = draft
  const { role } = state
  const no = whyNoHandOver(state, to)
  if (no !== undefined) return draft.note(`no hand-over: ${no}`)
  if (role.name !== 'active') return
  const untilMs = now + drainMs
  state.role = { ...role, leaving: { to, untilMs, why } }
  draft.note(`hands over to ${to}: ${why}`)
  draft.do({ do: 'drain', untilMs })
}

/** Why the role cannot be handed over as planned; undefined: it can. */
export function whyNoHandOver({ role, record, me, other }: State, to: string): string | undefined {
  if (role.name !== 'active' || !role.serving) return `${me} is not active`
  if (role.leaving !== undefined) return 'one is under way'
  if (to !== other) return `there is no other node ${to}`
  return whyNoTaker(record, to)
}

/** What the record says against that node taking over as planned. */
export function whyNoTaker(record: PairRecord | undefined, to: string): string | undefined {
  if (record === undefined) return 'etcd has not been read yet'
  if (record.paused !== undefined) return `paused by ${record.paused.by}: ${record.paused.why}`
  if (record.onStandby.includes(to)) return `${to} is taken out of service`
  if (record.insync?.nodes.includes(to) !== true)
    return `${to} is stale: acknowledged saves may be missing there`
  return undefined
}
