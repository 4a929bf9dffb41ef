import type { Alarm } from '../base/alarms.ts'
import type { Component } from '../base/component.ts'
import type { Protocol } from '../base/protocol.ts'
import type { Transfer } from './activity.ts'
import type { HeartbeatStatus } from './heartbeat.ts'
import type { ProtocolTotals } from './totals.ts'

/** One listening socket. */
export interface DoorStatus {
  protocol: Protocol
  address: string
  port: number
  /** For TLS doors. */
  tls?: { profile: string; weak: boolean }
}

/** What phones come in by. */
export interface Door extends Component {
  status(): DoorStatus[]
  /**
   * Closes what listens on that port and opens it anew, for a listener that has become deaf. Transfers under way go on.
   * @returns what listens there now; empty when the port is none of this door's
   * @throws Error that names the port, when it cannot be opened again
   */
  reopen(port: number): Promise<DoorStatus[]>
}

export interface CertificateStatus {
  file: string
  names: string[]
  /** ISO 8601. */
  validTo: string
  daysLeft: number
}

/** Of what phones save for their users. */
export interface UserDataStatus {
  /** Who may touch whose data: by protocol, and for some networks. */
  policies: {
    ftp: string
    http: string
    https: string
    networks: readonly { network: string; protocols: readonly string[]; policy: string }[]
  }
  files: number
  bytes: number
  /** There is a password for one. */
  superUser: boolean
  /** The copy on another server, where there is one. */
  copy?: {
    server: string
    waiting: number
    /** ISO 8601, as all moments here; undefined: never, or not now. */
    lastSuccessAt: string | undefined
    nextTryAt: string | undefined
    lastError: string | undefined
  }
}

/** All that the status page, the JSON, the metrics and the command line show of a file server at one moment. */
export interface Snapshot {
  node: string
  version: string
  startedAt: Date
  uptimeSeconds: number
  doors: DoorStatus[]
  certificates: CertificateStatus[]
  users: UserDataStatus
  /** `max` 0: unlimited. */
  slots: { max: number; used: number }
  cache: { files: number; bytes: number; budgetBytes: number }
  totals: Partial<Record<Protocol, ProtocolTotals>>
  active: Transfer[]
  alarms: Alarm[]
  /** Undefined: none was heard since the start, or it said goodbye. */
  watchdog?: HeartbeatStatus | undefined
  detailedLog: boolean
  process: { pid: number; memoryBytes: number; loopLagMs: { p50: number; p99: number; max: number } }
}
