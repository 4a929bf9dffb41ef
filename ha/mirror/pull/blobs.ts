import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../../lib/files/disk-error.ts'
import { syncFolder } from '../../../lib/files/sync-folder.ts'
import { writeAll } from '../../../lib/users/store/write-all.ts'
import { hashInto } from '../disk/content.ts'
import { isSha256, type Content } from '../manifest.ts'

/** What came is not what it was said to be. */
export class WrongContent extends Error {}

export class NoSpace extends Error {}

/** The bytes of a content from a position on. */
export type Source = (from: number) => AsyncIterable<Buffer>

/**
 * Contents on their way from the other node, a file for each by its hash. What a broken connection, or our end, leaves
 * is gone on with. None is used before it was hashed as a whole.
 */
export class Blobs {
  readonly folder: string
  readonly #reserveBytes: number
  readonly #whole = new Set<string>()
  readonly #underWay = new Set<string>()

  /** @param reserveBytes space that is left free for other things than these */
  constructor(folder: string, { reserveBytes }: { reserveBytes: number }) {
    this.folder = folder
    this.#reserveBytes = reserveBytes
  }

  async make(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o750 })
  }

  has(sha256: string): boolean {
    return this.#whole.has(sha256)
  }

  whole(): string[] {
    return [...this.#whole]
  }

  pathOf(sha256: string): string {
    return join(this.folder, sha256)
  }

  /**
   * Asks `source` for what is not here yet, and makes the whole durable.
   * @throws WrongContent, NoSpace; whatever `source` throws, and then what came is kept
   */
  async receive(content: Content, source: Source, signal: AbortSignal): Promise<void> {
    const { sha256 } = content
    if (this.has(sha256)) return
    this.#underWay.add(sha256)
    try {
      await this.#receive(content, source, signal)
      this.#whole.add(sha256)
    } catch (error) {
      // On a full disk the part is in the way of everybody else.
      const isFull = ['ENOSPC', 'EDQUOT'].includes(String(errorCode(error)))
      if (isFull || error instanceof NoSpace || error instanceof WrongContent)
        await rm(this.pathOf(sha256), { force: true })
      throw isFull ? new NoSpace(this.#noSpace(content), { cause: error }) : error
    } finally {
      this.#underWay.delete(sha256)
    }
  }

  /** It was moved away, or is not to be used any more. */
  async drop(sha256: string): Promise<void> {
    this.#whole.delete(sha256)
    await rm(this.pathOf(sha256), { force: true })
  }

  /** Removes what nobody waits for. */
  async keepOnly(wanted: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (isSha256(name) && !wanted.has(name) && !this.#underWay.has(name)) await this.drop(name)
    }
  }

  async #receive(content: Content, source: Source, signal: AbortSignal): Promise<void> {
    const path = this.pathOf(content.sha256)
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
    try {
      const hash = createHash('sha256')
      let bytes = await hashInto(hash, handle, signal)
      await this.#checkSpace(content, bytes)
      if (bytes < content.size) {
        for await (const piece of source(bytes)) {
          signal.throwIfAborted()
          bytes += piece.length
          if (bytes > content.size)
            throw new WrongContent(`more than the ${content.size} bytes that were told`)
          hash.update(piece)
          await writeAll(handle, piece, bytes - piece.length)
        }
        if (bytes < content.size)
          throw new Error(`the transfer ended after ${bytes} of ${content.size} bytes`)
      }
      if (hash.digest('hex') !== content.sha256)
        throw new WrongContent(`what came is not what its hash ${content.sha256.slice(0, 12)} says`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await syncFolder(this.folder)
  }

  async #checkSpace(content: Content, have: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder)
    if (bavail * bsize < content.size - have + this.#reserveBytes) throw new NoSpace(this.#noSpace(content))
  }

  #noSpace({ size }: Content): string {
    return `no space for ${size} bytes in ${this.folder}; make room, or remove files that phones no longer need`
  }
}
