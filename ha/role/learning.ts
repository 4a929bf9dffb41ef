import type { Draft } from './draft.ts'
import type { PairRecord } from './state.ts'

/**
 * Takes in what etcd said. Only a higher revision is news: a member that lags must not undo what we know.
 */
export function learn({ state, now }: Pick<Draft, 'state' | 'now'>, record: PairRecord): void {
  const known = state.record
  if (known !== undefined && record.revision < known.revision) return
  state.lookedMs = now
  const before = known?.leader?.revision ?? 0
  const after = record.leader?.revision ?? 0
  if (known === undefined || (after === 0 && before !== 0)) state.changedMs = now
  seen({ state, now }, after)
  // A claim that is gone without ours can come no more: an attempt names the revision that it replaces.
  if (state.bet !== undefined && (after > state.bet || (after === 0 && before !== 0))) state.bet = undefined
  state.record = record
}

/**
 * The leader's record has changed. Told at once by the watch, so that an etcd that falls silent right after does not
 * make old news of it look new later.
 */
export function seen({ state, now }: Pick<Draft, 'state' | 'now'>, leaderRevision: number): void {
  if (leaderRevision <= state.changedRevision) return
  state.changedRevision = leaderRevision
  state.changedMs = now
}
