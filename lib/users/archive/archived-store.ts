import type { FileName } from '../../files/file-name.ts'
import type { VersionRecord } from './as-of.ts'

/** What the archive needs of the store of user data. */
export interface ArchivedStore {
  /** What stands now. */
  files(): readonly { name: FileName }[]
  /** What has been deleted and still has versions: it may have stood at the end of the month. */
  deleted(): readonly { name: FileName }[]
  /** Newest first. */
  versions(name: FileName): readonly VersionRecord[]
  readVersion(name: FileName, seq: number): Promise<Buffer>
  putContent(
    name: FileName,
    content: Buffer,
    by: { protocol: 'local'; address: string; why: string },
  ): Promise<unknown>
}
