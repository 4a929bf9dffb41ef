import type { Protocol } from '../../base/protocol.ts'
import type { FileName } from '../../files/file-name.ts'

/** Who stored or removed a file; `local` is an administrator, or a file that was found on disk. */
export interface Origin {
  protocol: Protocol | 'local'
  address: string
  model?: string
  why?: string
}

/** One thing that happened to a file. A deletion tells size and hash of what was deleted. */
export interface FileRecord {
  /** Counts what happens in this store, never used twice. */
  seq: number
  /** Wall time, ISO 8601. */
  at: string
  /** Of two nodes: in whose reign it happened. */
  epoch?: number
  op: 'put' | 'delete'
  name: FileName
  size: number
  /** SHA-256 of the content, in hex. */
  hash: string
  by: Origin
  /** This backup, or one before it, shrank: the version `seq` is kept at hand until one is as large again. */
  shrankFrom?: number
  /** SHA-256 of the record before. */
  previous: string
}

/** A record that did not come true: its content could not be put in place, or was lost by hand. */
export interface Withdrawal {
  seq: number
  at: string
  epoch?: number
  op: 'void'
  name: FileName
  of: number
  previous: string
}

/** How a file of ours looks on disk. One that still looks so need not be hashed. */
export interface Look {
  ino: number
  mtimeMs: number
}

/** What the journal keeps of a thing that happened. */
export interface Entry {
  record: FileRecord | Withdrawal
  look?: Look
  /** Its content never came here: it was no longer needed where it happened. */
  gone?: true
}

/** A put or deletion with how its file looks. */
export interface FileEntry extends Entry {
  record: FileRecord
}

type Undated<T> = Omit<T, 'seq' | 'at' | 'epoch' | 'previous'>

/** An entry before the journal gives it its place. */
export type Draft =
  { record: Undated<FileRecord>; look?: Look } | { record: Undated<Withdrawal>; look?: never }
