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

/** All that the status page, the JSON, the metrics and the command line show of a file server at one moment. */
export interface Snapshot {
  node: string
  version: string
  startedAt: Date
  uptimeSeconds: number
  doors: DoorStatus[]
  certificates: CertificateStatus[]
  /** `max` 0: unlimited. */
  slots: { max: number; used: number }
  cache: { files: number; bytes: number; budgetBytes: number }
  totals: Partial<Record<Protocol, ProtocolTotals>>
  active: Transfer[]
  alarms: Alarm[]
  detailedLog: boolean
  process: { pid: number; memoryBytes: number; loopLagMs: { p50: number; p99: number; max: number } }
}
