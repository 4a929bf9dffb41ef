import type { Active, PairRecord, State } from '../role/state.ts'
import type { Timing } from '../role/timing.ts'
import type { ToldRole } from '../replica/role.ts'
import { epochOf } from './status.ts'

/** What the file server is told while this node has the role: it may acknowledge saves as long as the consent lasts. */
export const activeRole = (
  { epoch, okMs, leaving }: Active,
  record: PairRecord | undefined,
  { deadlineMs }: Timing,
): ToldRole => ({
  role: 'active',
  epoch,
  untilMs: okMs + deadlineMs,
  insync: record?.insync?.nodes ?? [],
  draining: leaving !== undefined,
})

/** And while it has not: whom to follow. */
export function standbyRole(state: State): ToldRole {
  const { leader, insync } = state.record ?? {}
  const active = leader?.phase === 'active' && leader.node !== state.me ? leader.node : undefined
  return { role: 'standby', epoch: epochOf(state), active, insync: insync?.nodes ?? [] }
}
