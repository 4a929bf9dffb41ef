import type { RefusalReason } from '../files/refusal.ts'
import type { Entry, View } from '../files/view.ts'
import type { Fact, ListFormat } from './listing.ts'
import type { Reply } from './replies.ts'

/** The words in which the machine and the shell around it speak to each other. */

/** What the shell is to do. Each `Work` is answered by one `Result`, the others by none. */
export type Effect =
  | { do: 'reply'; reply: Reply }
  | Work
  /** Break off the transfer under way. */
  | { do: 'abort' }
  /** Close the passive port, if there is one. */
  | { do: 'closePort' }
  /** Somebody wants data sent to others, or to a server's port: for the log. */
  | { do: 'reportStranger'; detail: string }
  /** After what was replied. */
  | { do: 'close' }

/** What takes time. Meanwhile the next commands wait. */
export type Work =
  | { do: 'login'; name: string; password: string }
  | { do: 'encrypt' }
  | { do: 'openPort'; extended: boolean }
  | { do: 'enter' | 'remove' | 'makeFolder' | 'removeFolder'; path: string }
  | { do: 'look'; path: string; verb: 'SIZE' | 'MDTM' | 'MLST' | 'RNFR' }
  | { do: 'rename'; from: string; to: string }
  | { do: 'transfer'; job: Job; way: OpenWay; encrypted: boolean }

export type Transfer = Extract<Work, { do: 'transfer' }>

export type Job =
  | { kind: 'retrieve'; path: string; from: number }
  | { kind: 'store'; path: string; how: 'replace' | 'append' }
  | {
      kind: 'list'
      path: string
      format: ListFormat
      facts: readonly Fact[]
      /** Only names that fit. */
      pattern: string | undefined
      /** `path` may be a file, to be listed by itself. */
      perhapsFile: boolean
    }

export type Result =
  | { type: 'done' }
  | { type: 'loggedIn'; as: View['kind']; who: string }
  /** Address and port that the client is to connect to. */
  | { type: 'portOpen'; address: string; port: number }
  | { type: 'found'; entry: Entry }
  | { type: 'refused'; reason: RefusalReason; detail: string }
  | { type: 'broken'; how: BreakReason }
  /** The address of the client has failed too often. */
  | { type: 'banned' }
  /** A fault of ours, logged where it was caught. */
  | { type: 'failed' }

/** Why a transfer ended before its file did, and why it did not begin. */
export type BreakReason =
  | 'no data connection'
  | 'not encrypted'
  | 'connection lost'
  | 'no progress'
  | 'aborted'
  | 'session ended'
  | 'beyond the end'
  | 'file changed'
  | 'server stopping'

export type Way = { kind: 'none' } | OpenWay
/** How the data connection comes about. An active one goes to the client's own address. */
export type OpenWay = { kind: 'active'; port: number } | { kind: 'passive' }

export type Login =
  | { stage: 'none' }
  /** USER was given, PASS is awaited. */
  | { stage: 'named'; name: string }
  | { stage: 'in'; as: View['kind'] }

export interface State {
  readonly login: Login
  readonly failedLogins: number
  /** Commands no client would send. */
  readonly oddities: number
  readonly folder: string
  readonly encrypted: boolean
  /** PBSZ was given, so PROT may be. */
  readonly bufferSizeGiven: boolean
  readonly encryptsData: boolean
  readonly way: Way
  /** EPSV ALL was given. */
  readonly onlyEpsv: boolean
  /** For the next command only, as `renameFrom` is. */
  readonly restartAt: number
  readonly renameFrom: string | undefined
  readonly facts: readonly Fact[]
  readonly pending: Work | undefined
}

/** What the machine knows of its surroundings. */
export interface Terms {
  /** Canonical address of the client. */
  address: string
  offersTls: boolean
  offersActive: boolean
  mayAskPassword: (name: string, encrypted: boolean) => boolean
}

/** What becomes of a command: changes of the state, and effects in their order. */
export interface Outcome {
  change?: Partial<State>
  effects: readonly Effect[]
}

export type Handler = (state: State, argument: string, terms: Terms) => Outcome

export const say = (reply: Reply, change: Partial<State> = {}): Outcome => ({
  change,
  effects: [{ do: 'reply', reply }],
})

export const start = (work: Work, change: Partial<State> = {}): Outcome => ({
  change: { ...change, pending: work },
  effects: [work],
})

/** The last reply of a session. */
export const farewell = (reply: Reply): Outcome => ({ effects: [{ do: 'reply', reply }, { do: 'close' }] })
