/** What is asked of etcd and what it answers, in our words. Ids are hexadecimal, as etcdctl shows them. */

export interface Held {
  value: string
  /** Store revision of the key's last change. */
  modRevision: number
}

/** Holds when the key was last changed at that revision (0: it is absent), or has that value. */
export type Compare = { key: string; modRevision: number } | { key: string; value: string }

export interface Put {
  key: string
  value: string
  /** The key goes when this lease ends. */
  lease?: string
}

/** One transaction: when all compares hold, puts and deletes are done; the reads are answered either way, after them. */
export interface Txn {
  compares?: readonly Compare[]
  puts?: readonly Put[]
  deletes?: readonly string[]
  reads?: readonly string[]
}

export interface TxnOutcome {
  /**
   * The compares held. When not, an earlier copy of this very question may have changed the keys, for it may have been
   * asked of two members, or once before without an answer: the reads tell.
   */
  succeeded: boolean
  /** Of the whole store. */
  revision: number
  clusterId: string
  /** Has each key of `reads`. */
  values: Map<string, Held | undefined>
}

/** All keys with a prefix. For display and to begin with: it may be older than what a transaction would see. */
export interface Listing {
  revision: number
  clusterId: string
  values: Map<string, Held>
}

/** A key was put, or is gone (`value` undefined). */
export interface Change {
  key: string
  value: string | undefined
  modRevision: number
}

/** A member of etcd, as it says of itself. */
export interface Member extends Status {
  endpoint: string
  name: string
  reachable: boolean
  /** It is not reachable, and the fields of `Status` are empty. */
  why?: string
}

/** What a member says of itself. */
export interface Status {
  memberId: string
  /** Of the member that it follows, or itself; undefined while there is none. */
  leaderId: string | undefined
  raftTerm: number
  revision: number
  version: string
  dbBytes: number
  /** What is wrong with it, such as NOSPACE or "no leader". */
  alarms: string[]
}
