/** The nouns of the protocol: what a node knows, what happens to it, and what it then does. */

/** What etcd held at one revision. */
export interface PairRecord {
  revision: number
  /** Rewritten by each renewal. Absent: nobody was active, or for long. */
  leader?: {
    node: string
    nonce: string
    phase: 'active' | 'released'
    /** Of one that is released: who shall take it, and why it was given up. */
    handTo?: string
    why?: string
    revision: number
  }
  /** The reign. Its revision is the epoch. */
  term?: { node: string; nonce: string; epoch: number }
  /** Nodes that have every acknowledged save on disk. Absent: a new pair. */
  insync?: { nodes: readonly string[]; revision: number }
  /** `untilMs`: wall time, for people. */
  paused?: { by: string; why: string; untilMs?: number }
  /** Nodes that an administrator has taken out of service. */
  onStandby: readonly string[]
}

/** One node to the other, authenticated; any of them may be lost. */
export type Message =
  | { type: 'HOLD'; epoch: number; challenge: string }
  | { type: 'PROMISE'; epoch: number; challenge: string }
  | { type: 'FENCE'; epoch: number }
  | { type: 'RELEASE'; epoch: number }

export interface Standby {
  name: 'standby'
  why: string
}

/** Asking etcd for the role. */
export interface Campaign {
  name: 'campaign'
  nonce: string
  /** When it was asked first: a win counts from then. */
  firstMs: number
  askedMs: number
  /** Answer not here yet. */
  waiting: boolean
  /** An attempt got no answer, and may still come true. */
  doubtful: boolean
  /** What must not have changed meanwhile. 0: absent. */
  leaderRevision: number
  insyncRevision: number
  insync: readonly string[]
  /** The one before left in good order. */
  clean: boolean
  why: string
}

export interface Active {
  name: 'active'
  nonce: string
  epoch: number
  sinceMs: number
  /** When we asked for the latest consent that was given: by etcd, or by the other node. */
  okMs: number
  /** Door and address are open. */
  serving: boolean
  renewal: { n: number; askedMs: number; waiting: boolean; confirmedMs: number }
  hold: { askedMs: number; promisedMs: number; open: readonly { challenge: string; sentMs: number }[] }
  /** The kernel was last told to keep the address. */
  lifetimeMs: number
  /** The one before is told to stop until then. */
  fence: { untilMs: number; sentMs: number }
  leaving?: { to: string; untilMs: number; why: string }
}

/** Something is so wrong that this node does nothing until it is restarted. */
export interface Refusing {
  name: 'refusing'
  why: string
}

export type Role = Standby | Campaign | Active | Refusing

export interface State {
  readonly me: string
  readonly other: string
  role: Role
  record: PairRecord | undefined
  /** When the leader's record was last seen to change, or seen first. */
  changedMs: number
  /** Revision of that change. */
  changedRevision: number
  /** When etcd was last asked, and when that was answered. */
  lookAskedMs: number
  lookedMs: number
  /** When we last promised not to take over, and to which reign. */
  promisedMs: number
  promisedEpoch: number
  /** The other node has given up the reign of this epoch. */
  releasedEpoch: number
  /** Revision that an unanswered attempt of ours has bet on: until a higher one is seen, we promise nothing. */
  bet: number | undefined
  /** From here all windows are counted anew: our start, or the end of a stall of ours. */
  windowMs: number
  lastStepMs: number
  /** We could not serve, or have just handed over. */
  notBeforeMs: number
  failures: number
  unfit: string | undefined
  forced: { by: string; why: string; untilMs: number } | undefined
}

export type Event =
  | { type: 'tick' }
  | { type: 'looked'; record: PairRecord }
  /** The leader's record was rewritten. */
  | { type: 'seen'; leaderRevision: number }
  | { type: 'renewed'; sentMs: number; outcome: 'confirmed' | 'refused'; record: PairRecord }
  | { type: 'renewed'; sentMs: number; outcome: 'unknown' }
  | { type: 'took'; outcome: 'done' | 'refused'; record: PairRecord }
  | { type: 'took'; outcome: 'unknown' }
  | { type: 'heard'; message: Message }
  | { type: 'hand over'; to: string; drainMs: number; why: string }
  /** What was being saved has ended. */
  | { type: 'drained' }
  | { type: 'cannot serve'; why: string }
  /** Undefined: fit to serve. */
  | { type: 'fitness'; unfit: string | undefined }
  | { type: 'force'; by: string; why: string }
  | { type: 'refuse'; why: string }
  | { type: 'stop' }

export type Effect =
  /** The log line, and what `ha explain` prints. */
  | { do: 'say'; sentence: string; weight: 'change' | 'note' }
  | { do: 'look' }
  | { do: 'take'; campaign: Campaign }
  | { do: 'renew'; nonce: string; n: number }
  | { do: 'send'; message: Message }
  /** The file server may acknowledge saves until then, by the monotonic clock. */
  | { do: 'open gate'; epoch: number; untilMs: number }
  /** Both orders about the address are void at `notAfterMs`: whoever was held up must not carry them out late. */
  | { do: 'take VIP'; epoch: number; notAfterMs: number }
  /** The kernel may keep the address for another lifetime. */
  | { do: 'keep VIP'; notAfterMs: number }
  /** Saves under way may end, new ones wait. Answered by `drained`. */
  | { do: 'drain'; untilMs: number }
  | { do: 'close gate'; why: string }
  | { do: 'drop VIP' }
  /** In etcd and by datagram: whoever may, takes over at once. */
  | { do: 'release'; nonce: string; epoch: number; handTo?: string; why: string }

/** When it happened, and chance for the names of things. */
export interface Moment {
  nowMs: number
  /** Unguessable, new for each step. */
  fresh: string
}

export interface Step {
  state: State
  /** To be performed in this order, each ended before the next begins: a gate is closed before an address is given up. */
  effects: Effect[]
}
