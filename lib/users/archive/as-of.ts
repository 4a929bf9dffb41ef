import type { FileName } from '../../files/file-name.ts'

/** What the archive reads of a version of a file. */
export interface VersionRecord {
  seq: number
  /** ISO, by the clock on the wall. */
  at: string
  op: 'put' | 'delete'
  name: FileName
  size: number
  /** SHA-256 of the content, hex. */
  hash: string
}

/**
 * The version a file had at `end`; undefined when it was not there, or not there any more.
 * @param versions newest first: their order is the truth, for the clock on the wall may have been set back
 */
export function versionAsOf<T extends VersionRecord>(versions: readonly T[], end: Date): T | undefined {
  const last = versions.find(({ at }) => Date.parse(at) < end.getTime())
  return last?.op === 'put' ? last : undefined
}
