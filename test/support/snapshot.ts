import type { FinishedTransfer } from '../../lib/status/activity.ts'
import type { Snapshot } from '../../lib/status/snapshot.ts'

/** A node that has just been started, and in which nothing happened yet. */
export const quietNode = (other: Partial<Snapshot> = {}): Snapshot => ({
  node: 'node-a',
  version: '0.1.0',
  startedAt: new Date('2026-11-22T12:00:00Z'),
  uptimeSeconds: 3_725,
  doors: [],
  certificates: [],
  users: {
    policies: { ftp: 'snmp', http: 'snmp', https: 'snmp', networks: [] },
    files: 0,
    bytes: 0,
    superUser: false,
  },
  slots: { max: 0, used: 0 },
  cache: { files: 0, bytes: 0, budgetBytes: 268_435_456 },
  totals: {},
  active: [],
  alarms: [],
  detailedLog: false,
  process: { pid: 4_711, memoryBytes: 80_000_000, loopLagMs: { p50: 0, p99: 0, max: 0 } },
  ...other,
})

/** A file sent over HTTP. */
export const finished = (other: Partial<FinishedTransfer> = {}): FinishedTransfer => ({
  id: 1,
  protocol: 'http',
  address: '10.0.0.1',
  port: 81,
  asked: '46xxsettings.txt',
  startedAt: Date.parse('2026-11-22T12:00:00Z'),
  ms: 0,
  result: 'sent',
  code: 200,
  bytes: 1_000,
  ...other,
})
