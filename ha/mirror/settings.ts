import type { Alarms } from '../../lib/base/alarms.ts'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { MirrorPath } from './layout.ts'
import type { Content, Role } from './manifest.ts'
import type { PlaceTable } from './places.ts'
import type { OtherNode } from './wire/client.ts'
import type { MirrorTls } from './wire/tls.ts'

export interface MirrorSettings {
  node: OtherNode
  other: OtherNode
  /** The same on both. */
  port: number
  tls: MirrorTls
  dataFolder: string
  places: PlaceTable
  everySeconds: number
  mbitPerSecond: number
  /** A file written this recently may not be whole. */
  settledMs?: number
  /** Disk space that is left to what phones save. */
  reserveBytes?: number
}

export interface MirrorParts {
  clock: Clock
  log: Log
  alarms: Alarms
  /** Files were changed here, so certificates are to be read afresh; a certificate and its key come together. */
  onPlaced: (paths: readonly MirrorPath[]) => void
  random?: () => number
}

export interface MirrorStatus {
  role: Role
  files: number
  bytes: number
  /** Equal on both nodes when they have the same files. */
  rootHash: string
  /** What the standby lacks, as far as this node knows; undefined: it does not know. */
  behind: { files: number; bytes: number } | undefined
  /** Files of the standby that a person changed there. */
  drift: readonly { path: string; why: string }[]
  /** Contents on their way to be published. */
  pending: readonly Content[]
  /** What phones may get from this node and the other one will not have, such as links. */
  leftOut: readonly { path: string; why: string }[]
  lastError: string | undefined
}

export type Readiness = { ready: true } | { ready: false; why: string }
