/** A file being stored. Nothing of it is seen before `commit`; until then the old version stays. */
export interface Upload {
  /** Takes the next bytes; resolves when ready for more. @throws Refusal `tooLarge`, `diskFull` */
  write(chunk: Buffer): Promise<void>
  /** Resolves once the file is in place and durable. @throws Refusal; the old version stays then */
  commit(): Promise<'created' | 'replaced'>
  /** Forgets what was written. Harmless after `commit`, and twice. */
  abort(): Promise<void>
}
