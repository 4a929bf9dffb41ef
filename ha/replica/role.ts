import type { Tip } from '../../lib/users/store/journal-lines.ts'
import type { ReseedProgress } from '../../lib/users/twin/reseed.ts'
import type { Membership } from './durability.ts'

/** What the agent says this node is, with every renewal. Times by the monotonic clock of the machine. */
export type ToldRole =
  | { role: 'active'; epoch: number; untilMs: number; insync: readonly string[]; draining: boolean }
  | { role: 'standby'; epoch: number; active: string | undefined; insync: readonly string[] }

/** The short answer to that. */
export interface ReplicaView {
  /** Last record of users' data on this node's disk. */
  seq: number
  /** The last epoch in which somebody wrote; whoever becomes active must have a later one. */
  reign: number
  /** The other node gets every record before it is acknowledged, and has them all. */
  synced: boolean
  rescued: number
  drift: number
  /** Saves that are not acknowledged yet. */
  pending: number
  /** Why nothing can be saved until the file server is started anew. */
  broken?: string
}

export interface ReplicaStatus {
  mode: 'active' | 'standby' | 'not told'
  epoch: number
  tip: Tip
  other: {
    name: string
    connected: boolean
    /** Of the standby as the active node knows it. */
    membership?: Membership
    acked?: number
    lagRecords?: number
    synced: boolean
    /** Why it is not followed. */
    why?: string
  }
  reseed?: ReseedProgress
  drift: { name: string; what: string }[]
  rescued: number
  lastCompare?: { at: string; isEqual: boolean; files?: number }
  lastScrub?: { at: string; damaged: number; repaired: number }
  damaged: { name: string; seq: number }[]
}

interface Node {
  name: string
  address: string
}

/** @throws Error with a sentence when these are not this node and another one */
export function otherNode(nodes: readonly Node[], node: string): { me: Node; other: Node } {
  const me = nodes.find(({ name }) => name === node)
  const other = nodes.find(({ name }) => name !== node)
  if (me !== undefined && other !== undefined) return { me, other }
  const named = nodes.map(({ name }) => name).join(', ') || 'none'
  throw new Error(`pair.nodes: must name this node, ${node}, and another one, and names ${named}`)
}
