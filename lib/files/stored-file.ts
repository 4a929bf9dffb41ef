import type { FileName } from './file-name.ts'

/** A file as it was when it was looked up. What comes out of it is that content whole, or an error; never a mix. */
export interface StoredFile {
  /** Its name on disk, which may differ in case from what was asked. */
  readonly name: FileName
  readonly size: number
  readonly changedAt: Date
  /** Eight hex digits, without quotes: short, because phones show it on their screen. */
  readonly etag: string
  /** The whole content while it is held in memory; otherwise read it in pieces through `open`. */
  readonly content: Buffer | undefined
  /** Opens the file for reading in pieces. @throws FileChanged */
  open(): Promise<OpenFile>
}

export interface OpenFile {
  /** Exactly `length` bytes from `position`, fewer only at the end. @throws FileChanged */
  read(position: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** Somebody wrote into the file while it was being sent: the transfer must break off. */
export class FileChanged extends Error {
  constructor(name: string, options?: ErrorOptions) {
    super(`${name} was changed while it was being read`, options)
    this.name = 'FileChanged'
  }
}
