import type { Fault } from '../role/moves.ts'

/** What the agent tells of the pair: on its control socket, and to the other node. Durations in ms or s, as named. */

export interface PairStatus {
  cluster: string
  uuid: string
  /** The node that answers, and the process of its agent. */
  node: string
  pid: number
  /** 0: nobody was ever active. */
  epoch: number
  active: string | undefined
  etcd: { reached: boolean; members: MemberView[]; leader: string | undefined }
  vip: { addresses: string[]; on: string | undefined }
  insync: string[]
  /** `until`: wall time, ISO 8601. */
  paused: { by: string; why: string; until?: string } | undefined
  /** etcd is gone, and the active node serves by the other's promise. */
  failsafe: boolean
  lastChange: Reign | undefined
  nodes: NodeView[]
}

export interface MemberView {
  endpoint: string
  reachable: boolean
  name: string
  isLeader: boolean
  version: string
  alarms: string[]
}

export interface NodeView {
  name: string
  address: string
  role: 'active' | 'standby' | 'stale' | 'campaign' | 'refusing' | 'unknown'
  /** Why it is that. */
  why: string
  /** Its agent was heard this long ago; undefined: never. 0 for the node itself. */
  seenMs: number | undefined
  /** Last record of users' data it has on disk. */
  seq: number | undefined
  /** 100: all is well; each thing that is not takes something away. */
  score: number
  faults: string[]
  /** What each of them is about, in the same order. */
  faultKinds: Fault[]
  freeMb: number | undefined
  onStandby: boolean
  /** Every file that administrators laid into the active node's folders is here. */
  complete: boolean
  /** Things set aside at a rejoin, and files changed by hand. */
  rescued: number
  drift: number
  version: string
  /** Whole days until its certificate of the pair ends; undefined: it did not say. */
  keysDaysLeft?: number
}

/** A node's time as the active one. */
export interface Reign {
  epoch: number
  node: string
  /** Wall time, ISO 8601. */
  at: string
  why: string
  by?: string
}

/** One thing that happened, as this node saw it. */
export interface PairEvent {
  at: string
  node: string
  epoch: number
  /** A change of role, or something to know. */
  weight: 'change' | 'note' | 'trouble'
  sentence: string
}

/** What phones felt of a change. */
export interface DrillReport extends Measured {
  scenario: string
  at: string
  by: string
  why: string
  ms: number
  /** Epoch 0 at the end: nobody was active then. */
  from: { node: string; epoch: number }
  to: { node: string; epoch: number }
  objectiveMs: number
  passed: boolean
  verdict: string
}

/** What the prober has seen. */
export interface Measured {
  /** Host that asked. */
  measuredFrom: string
  protocols: DrilledProtocol[]
  saves: DrilledSaves
  /** After an answer of one reign came one of an earlier reign. */
  epochsOverlap: boolean
  /** What was not measured, and other things to know. */
  notes: string[]
}

export interface DrilledProtocol {
  protocol: 'http' | 'tftp' | 'ftp' | 'put'
  /** What was asked for. */
  what: string
  asked: number
  failed: number
  /** Longer than 1 s, though answered. */
  late: number
  /** The longest time in which whoever asked was not answered well. 0: everybody was. */
  longestGapMs: number
  /** The slowest good answer. */
  slowestMs: number
  /** The longest time in which nothing was asked, for the prober itself was kept from it: it hides gaps. */
  longestPauseMs: number
}

export interface DrilledSaves {
  tried: number
  acknowledged: number
  /** Acknowledged, and not to be read there. */
  missing: { node: string; file: string }[]
  /** Nodes that could not be asked. */
  unchecked: string[]
  /** Could not be taken away again. */
  left: number
}
