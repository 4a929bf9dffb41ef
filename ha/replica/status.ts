import type { UserStore } from '../../lib/users/store/user-store.ts'
import type { Receiver } from './receiver.ts'
import type { ReplicaStatus, ReplicaView } from './role.ts'
import type { Sender } from './sender.ts'
import type { Mode } from './succession.ts'
import type { Upkeep } from './upkeep.ts'

/** What a replica consists of, for those who only look. */
export interface Inside {
  mode: Mode
  /** Name of the other node. */
  other: string
  store: UserStore
  sender: Sender
  receiver: Receiver
  upkeep: Upkeep
  lastCompare: ReplicaStatus['lastCompare']
}

export function viewOf({ mode, store }: Inside): ReplicaView {
  const { twin } = store
  return {
    seq: twin.tip.seq,
    reign: twin.epoch ?? 0,
    synced: acknowledging(mode)?.isSynced === true,
    rescued: twin.rescue.count,
    drift: twin.drift.list().length,
    pending: store.pending,
    ...(twin.broken && { broken: twin.broken.message }),
  }
}

export function statusOf(inside: Inside): ReplicaStatus {
  const { mode, store, receiver, upkeep, lastCompare } = inside
  const { twin } = store
  const { progress } = receiver
  return {
    mode: mode.name,
    epoch: epochOf(mode),
    tip: twin.tip,
    other: otherOf(inside),
    ...(progress && { reseed: { ...progress } }),
    drift: twin.drift.list(),
    rescued: twin.rescue.count,
    ...(lastCompare && { lastCompare }),
    ...(upkeep.lastScrub && { lastScrub: upkeep.lastScrub }),
    damaged: upkeep.damaged.map(({ name, seq }) => ({ name, seq })),
  }
}

function otherOf({ mode, other, store, sender, receiver }: Inside): ReplicaStatus['other'] {
  const connected = sender.sending?.isFollowing === true || receiver.receiving?.isFollowing === true
  const view = acknowledging(mode)
  const synced = view?.isSynced === true
  if (view !== undefined) {
    const { member: membership, acked } = view
    return { name: other, connected, synced, membership, acked, lagRecords: store.twin.tip.seq - acked }
  }
  const { why } = receiver
  return { name: other, connected, synced, ...(mode.name === 'standby' && why !== undefined && { why }) }
}

/** While this node is active. */
const acknowledging = (mode: Mode) => (mode.name === 'active' ? mode.reign.view : undefined)

const epochOf = (mode: Mode): number =>
  mode.name === 'active' ? mode.reign.epoch : mode.name === 'standby' ? mode.epoch : 0
