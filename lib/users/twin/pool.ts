import { hash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAbsent } from '../../files/disk-error.ts'
import { syncFolder } from '../../files/sync-folder.ts'
import { writeDurably } from '../../files/write-durably.ts'
import { copyDurably } from '../store/copy-durably.ts'
import { lookAt } from '../store/folders.ts'
import type { Tip } from '../store/journal-lines.ts'

/** What is still to be put in place, once the journal is the other node's. */
export interface Placing {
  /** Counts only while the journal ends so: otherwise it never became the other node's. */
  tip: Tip
  /** Puts whose content lies in the pool. */
  seqs: number[]
  /** What stood before, and does not any more. */
  stood: { name: string; hash: string }[]
}

/** Content that waits to be put in place, each under its hash, whole and durable. */
export class Pool {
  readonly folder: string
  readonly #note: string

  constructor(folder: string) {
    this.folder = folder
    this.#note = join(folder, 'placing.json')
  }

  pathOf(contentHash: string): string {
    return join(this.folder, contentHash)
  }

  has(contentHash: string): boolean {
    return lookAt(this.pathOf(contentHash)) !== undefined
  }

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o750 })
    await syncFolder(join(this.folder, '..'))
    for (const name of await readdir(this.folder))
      if (name.endsWith('.new')) await rm(join(this.folder, name))
  }

  /** @throws Error when it is not the content of that hash */
  async add(contentHash: string, content: Buffer): Promise<void> {
    if (hash('sha256', content) !== contentHash)
      throw new Error(`what came is not the content with the hash ${contentHash}`)
    await writeDurably(this.pathOf(contentHash), content)
  }

  async sync(): Promise<void> {
    await syncFolder(this.folder)
  }

  async move(contentHash: string, target: string): Promise<void> {
    await rename(this.pathOf(contentHash), target)
  }

  /** The content stays here, for others that want it, until all have it for certain. */
  async copy(contentHash: string, target: string): Promise<void> {
    const passing = `${this.pathOf(contentHash)}.new`
    await copyDurably(this.pathOf(contentHash), passing)
    await rename(passing, target)
  }

  async note(placing: Placing): Promise<void> {
    await writeDurably(this.#note, JSON.stringify(placing))
    await this.sync()
  }

  async noted(): Promise<Placing | undefined> {
    try {
      return JSON.parse(await readFile(this.#note, 'utf8')) as Placing
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  async forgetNote(): Promise<void> {
    await rm(this.#note, { force: true })
  }

  /** Removes it with all that is left in it; the note goes first. */
  async close(): Promise<void> {
    await this.forgetNote()
    await rm(this.folder, { recursive: true, force: true })
  }
}
