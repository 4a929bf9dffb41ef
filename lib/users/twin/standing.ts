import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stats } from 'node:fs'
import type { FileName } from '../../files/file-name.ts'
import { hashFile } from '../store/content.ts'
import type { FileEntry, FileRecord } from '../store/file-record.ts'
import { looksLike, lookAt, lookOf } from '../store/folders.ts'
import type { Stock } from '../store/stock.ts'
import type { Rescue } from './rescue.ts'

export interface StandingParts extends Stock {
  rescue: Rescue
  /** Under which things are rescued. */
  epoch: () => number
}

/** What is to become of a name. */
export interface Turn {
  name: FileName
  before: FileEntry | undefined
  after: FileEntry | undefined
  /** What stood before is a version from now on; otherwise the journal no longer knows it. */
  isKept: boolean
}

/** Where content is that waits for its place. */
export interface ContentAtHand {
  /** @returns the path of a file with the content of that record, which nobody else gets */
  take(record: FileRecord): Promise<string | undefined>
  /** Whether that is what stood there before, and is not needed any more. */
  isSpent?(name: FileName, hash: string): boolean
}

/** What stands under names, while it is made to follow the other node. For whoever holds the name. */
export class Standing {
  readonly #parts: StandingParts

  constructor(parts: StandingParts) {
    this.#parts = parts
  }

  /** Sees to it that nothing is lost of what has the name now, and that the new content can get it. */
  async makeWay({ name, before, after, isKept }: Turn): Promise<void> {
    const { folders, rescue, epoch } = this.#parts
    if (after !== undefined) await this.clearParents(name)
    const path = folders.pathOf(name)
    const stats = lookAt(path)
    if (stats === undefined) return
    const found = await this.#find(name, stats, before)
    if (found === 'known') {
      if (before === undefined) return
      if (isKept) return folders.keep(name, before.record.seq)
      return rescue.keep(epoch(), noteOf(before.record, 'withdrawn on the active node'), path)
    }
    if (found.hash !== undefined && found.hash === after?.record.hash) return
    await this.displace(name, stats, found.hash)
  }

  /**
   * Brings the name in line with what the journal says, where that is not yet so and the content is at hand. What was
   * changed by hand otherwise stays as it is.
   */
  async settle(name: FileName, content: ContentAtHand): Promise<void> {
    const { folders, histories } = this.#parts
    const current = histories.current(name)
    if (current === undefined) return this.#finishRemoval(name)
    const stats = lookAt(folders.pathOf(name))
    if (stats !== undefined && (await this.#find(name, stats, current)) === 'known') return
    const source = (await content.take(current.record)) ?? this.#versionOf(current.record)
    if (source === undefined) return
    if (stats !== undefined) await this.#putAside(name, stats, content)
    await this.clearParents(name)
    await folders.moveInto(source, name)
    await folders.syncName(name)
    const now = lookAt(folders.pathOf(name))
    if (now !== undefined) histories.setLook(name, lookOf(now))
  }

  /** The name is to be free: removes what had it, if that is the content of this hash. */
  async release(name: FileName, hash: string): Promise<void> {
    const { folders, histories } = this.#parts
    const stats = lookAt(folders.pathOf(name))
    if (histories.current(name) !== undefined || stats?.isFile() !== true) return
    if ((await hashFile(folders.pathOf(name))) !== hash) return
    const known = histories.of(name).findLast((record) => record.op === 'put' && record.hash === hash)
    if (known !== undefined) {
      await folders.keep(name, known.seq)
      await folders.sync(folders.versions)
    }
    await folders.remove(name)
    await folders.syncName(name)
  }

  /** What nobody knows goes to rescue; a file also stays where it is, for it is overwritten or removed in a moment. */
  async displace(name: FileName, stats: Stats, hash: string | undefined): Promise<void> {
    const { folders, rescue, epoch } = this.#parts
    const [path, why] = [folders.pathOf(name), 'changed by hand on this node']
    if (!stats.isFile()) return rescue.moveAway(epoch(), { name, why }, path)
    if ((await rescue.list()).some((each) => each.name === name && each.hash === hash)) return
    await rescue.keep(epoch(), { name, why, size: stats.size, ...(hash === undefined ? {} : { hash }) }, path)
  }

  /** The folders a name needs; what has the name of one goes to rescue. */
  async clearParents(name: FileName): Promise<void> {
    const { folders, rescue, epoch } = this.#parts
    const parts = name.split('/').slice(0, -1)
    for (const [index] of parts.entries()) {
      const below = parts.slice(0, index + 1).join('/')
      const folder = join(folders.root, below)
      const stats = lookAt(folder)
      if (stats?.isDirectory() === true) continue
      if (stats !== undefined)
        await rescue.moveAway(epoch(), { name: below, why: 'a folder is needed' }, folder)
      await mkdir(folder, { mode: 0o750 })
    }
  }

  /** The record of the deletion is durable, so the deletion happens, unless somebody has put another file there. */
  async #finishRemoval(name: FileName): Promise<void> {
    const deletion = this.#parts.histories.deletion(name)
    if (deletion !== undefined) await this.release(name, deletion.hash)
  }

  #versionOf({ seq }: FileRecord): string | undefined {
    const path = this.#parts.folders.versionPath(seq)
    return lookAt(path) === undefined ? undefined : path
  }

  /** An older content becomes a version; what nobody knows goes to rescue. */
  async #putAside(name: FileName, stats: Stats, content: ContentAtHand): Promise<void> {
    const { folders, histories } = this.#parts
    const hash = stats.isFile() ? await hashFile(folders.pathOf(name)) : undefined
    const known = histories.of(name).findLast((record) => record.op === 'put' && record.hash === hash)
    if (known === undefined) {
      if (hash !== undefined && content.isSpent?.(name, hash) === true) return
      return this.displace(name, stats, hash)
    }
    await folders.keep(name, known.seq)
    await folders.sync(folders.versions)
  }

  /** Whether that is what stood before, by its look or by its content. */
  async #find(
    name: FileName,
    stats: Stats,
    before: FileEntry | undefined,
  ): Promise<'known' | { hash: string | undefined }> {
    if (before !== undefined && looksLike(stats, before)) return 'known'
    const hash = stats.isFile() ? await hashFile(this.#parts.folders.pathOf(name)) : undefined
    if (before === undefined || hash !== before.record.hash) return { hash }
    this.#parts.histories.setLook(name, lookOf(stats))
    return 'known'
  }
}

export const noteOf = ({ name, seq, at, op, by, size, hash }: FileRecord, why: string) => ({
  name,
  why,
  seq,
  at,
  op,
  by,
  ...(op === 'put' ? { size, hash } : {}),
})
