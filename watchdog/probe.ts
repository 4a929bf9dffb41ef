import type { Protocol } from '../lib/base/protocol.ts'

/** What is asked: each probe has a name that incidents, pages and commands use. */
export interface Probe {
  /** `http 80`, `https 411`, `tftp 69`, `ftp 21`, `ftps 990`, `file server`, `disk of data`, ... */
  readonly name: string
  readonly about: ProbeSubject
  /** Names of probes that make this one's misses no news: with the file server down, no door answers. */
  readonly dependsOn: readonly string[]
  /** Never rejects. Ends by itself within `watchdog.timeoutMs`, and at once when `signal` aborts. */
  readonly run: (signal: AbortSignal) => Promise<Finding>
  /** For a person who asks: without what `run` remembers of a while ago. Absent: `run` remembers nothing. */
  readonly runAnew?: (signal: AbortSignal) => Promise<Finding>
}

export type ProbeSubject =
  | { kind: 'door'; protocol: Protocol; port: number }
  /** The file server as a whole: its control socket answers. */
  | { kind: 'process' }
  /** Disks, memory, clock: nothing that a restart mends. */
  | { kind: 'machine' }
  /** What must be refused is refused. */
  | { kind: 'refusal' }

export type Finding =
  | {
      outcome: 'ok'
      /** Whole time, and by phase: connect, tls, firstByte, write, read, delete. */
      ms: number
      phases: Readonly<Record<string, number>>
      /** Works, but a person should know: a certificate that ends in 9 days. */
      warning?: string
    }
  | {
      outcome: 'missed'
      ms: number
      /** A sentence for a person: what was asked, what came instead. */
      why: string
    }
  /** The watchdog itself could not ask: its address is gone, no descriptor or disk space left. Says nothing of the probed. */
  | { outcome: 'blind'; why: string }
