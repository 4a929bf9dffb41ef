import type { Draft } from './draft.ts'
import type { PairRecord } from './state.ts'

/**
 * Takes in what etcd said. Only a higher revision is news: a member that lags must not undo what we know.
 */
export function learn({ state, now }: Draft, record: PairRecord): void {
  const known = state.record
  if (known !== undefined && record.revision < known.revision) return
  state.lookedMs = now
  const before = known?.leader?.revision ?? 0
  const after = record.leader?.revision ?? 0
  if (known === undefined || after > before || (after === 0 && before !== 0)) state.changedMs = now
  // A claim that is gone without ours can come no more: an attempt names the revision that it replaces.
  if (state.bet !== undefined && (after > state.bet || (after === 0 && before !== 0))) state.bet = undefined
  state.record = record
}
