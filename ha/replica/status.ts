import type { UserStore } from '../../lib/users/store/user-store.ts'
import type { Acknowledger } from './acknowledger.ts'
import type { Receiver } from './receiver.ts'
import type { ReplicaStatus, ReplicaView } from './role.ts'
import type { Sender } from './sender.ts'
import type { Upkeep } from './upkeep.ts'

/** What a replica consists of, for those who only look. */
export interface Inside {
  mode: ReplicaStatus['mode']
  epoch: number
  /** Name of the other node. */
  other: string
  store: UserStore
  /** While this node is active. */
  acknowledging: Acknowledger['view'] | undefined
  sender: Sender
  receiver: Receiver
  upkeep: Upkeep
  lastCompare: ReplicaStatus['lastCompare']
}

export function viewOf({ store, acknowledging, upkeep, lastCompare }: Inside): ReplicaView {
  const { twin } = store
  const damaged = upkeep.damaged.length
  return {
    seq: twin.tip.seq,
    reign: twin.epoch ?? 0,
    synced: acknowledging?.isSynced === true,
    rescued: twin.rescuedCount,
    drift: twin.drift().length,
    pending: store.pending,
    faults: [
      ...(twin.broken === undefined ? [] : [twin.broken.message]),
      ...(twin.isDamaged ? ['the journal of user data was damaged'] : []),
      ...(damaged === 0 ? [] : [`${damaged} versions of user data are damaged`]),
      ...(lastCompare?.isEqual === false ? ['user data of both nodes differs'] : []),
    ],
  }
}

export function statusOf(inside: Inside): ReplicaStatus {
  const { mode, epoch, store, receiver, upkeep, lastCompare } = inside
  const { twin } = store
  const { progress } = receiver
  return {
    mode,
    epoch,
    tip: twin.tip,
    other: otherOf(inside),
    ...(progress && { reseed: { ...progress } }),
    drift: twin.drift(),
    rescued: twin.rescuedCount,
    ...(lastCompare && { lastCompare }),
    ...(upkeep.lastScrub && { lastScrub: upkeep.lastScrub }),
    damaged: upkeep.damaged.map(({ name, seq }) => ({ name, seq })),
  }
}

function otherOf({ mode, other, store, acknowledging, sender, receiver }: Inside): ReplicaStatus['other'] {
  const connected = sender.sending?.isFollowing === true || receiver.receiving?.isFollowing === true
  const synced = acknowledging?.isSynced === true
  if (acknowledging !== undefined) {
    const { member: membership, acked } = acknowledging
    return { name: other, connected, synced, membership, acked, lagRecords: store.twin.tip.seq - acked }
  }
  const { why } = receiver
  return { name: other, connected, synced, ...(mode === 'standby' && why !== undefined && { why }) }
}
