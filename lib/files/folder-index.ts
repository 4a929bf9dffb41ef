import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileName } from './file-name.ts'

/** What a folder holds, for looking names up without regard to case. Kept until the folder changes. */
interface Listing {
  /** The date of its inode: unlike the other one, nobody (rsync, tar) can set it back. */
  changedAt: number
  /** Folded name -> names on disk, sorted, so that twins always give the same answer. */
  names: ReadonlyMap<string, readonly string[]>
}

const mostFolders = 1_000
/** A folder changed this recently may change again without its date showing it: do not keep its listing. */
const settledMs = 100

export const fold = (name: string): string => name.normalize('NFC').toLowerCase()

export class FolderIndex {
  readonly #listings = new Map<string, Listing>()

  /** The path below `root` that equals `name` but for case (or Unicode form); undefined when there is none. */
  async find(root: string, name: FileName): Promise<string | undefined> {
    let path = root
    for (const part of name.split('/')) {
      const names = (await this.list(path)).get(fold(part)) ?? []
      const found = names.includes(part) ? part : names[0]
      if (found === undefined) return undefined
      path = join(path, found)
    }
    return path
  }

  /** Folded names of a folder; an empty map when it cannot be read. */
  async list(folder: string): Promise<Listing['names']> {
    const changedAt = await stat(folder).then(
      (stats) => stats.ctimeMs,
      () => undefined,
    )
    if (changedAt === undefined) return new Map()
    const known = this.#listings.get(folder)
    if (known?.changedAt === changedAt) return known.names
    const names = new Map<string, string[]>()
    for (const entry of (await readdir(folder).catch(() => [])).toSorted()) {
      const twins = names.get(fold(entry))
      if (twins === undefined) names.set(fold(entry), [entry])
      else twins.push(entry)
    }
    if (Math.abs(Date.now() - changedAt) > settledMs) this.#keep(folder, { changedAt, names })
    return names
  }

  #keep(folder: string, listing: Listing): void {
    if (this.#listings.size >= mostFolders) this.#listings.clear()
    this.#listings.set(folder, listing)
  }
}
