import type { Alarm } from '../base/alarms.ts'
import type { Protocol } from '../base/protocol.ts'
import type { Transfer } from './activity.ts'
import type { ProtocolTotals } from './totals.ts'

/** One listening socket. */
export interface DoorStatus {
  protocol: Protocol
  address: string
  port: number
  /** For TLS doors. */
  tls?: { profile: string; weak: boolean }
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
  detailedLog: boolean
  process: { pid: number; memoryBytes: number; loopLagMs: { p50: number; p99: number; max: number } }
}
