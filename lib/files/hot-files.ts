import type { Stats } from 'node:fs'
import type { StoredFile } from './stored-file.ts'

/** A file held in memory, and where it lies on disk. */
export interface HotFile {
  file: StoredFile
  /** As it was found, and where that leads once all links are followed. */
  path: string
  realPath: string
  identity: Identity
}

/** Two looks at a path show the same content when all of this is equal. */
export type Identity = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>

export const sameIdentity = (a: Identity, b: Identity): boolean =>
  a.ino === b.ino &&
  a.mtimeMs === b.mtimeMs &&
  a.ctimeMs === b.ctimeMs &&
  a.size === b.size &&
  a.dev === b.dev

/** Files that phones ask for often, in memory up to a budget; the least recently asked for goes first. */
export class HotFiles {
  readonly budgetBytes: number
  readonly #files = new Map<string, HotFile>()
  #bytes = 0

  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#files.size
  }

  get(key: string): HotFile | undefined {
    const hot = this.#files.get(key)
    if (hot === undefined) return undefined
    this.#files.delete(key)
    this.#files.set(key, hot)
    return hot
  }

  put(key: string, hot: HotFile): void {
    this.drop(key)
    if (cost(hot) > this.budgetBytes) return
    this.#files.set(key, hot)
    this.#bytes += cost(hot)
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= this.budgetBytes || oldest === key) return
      this.drop(oldest)
    }
  }

  drop(key: string): void {
    const hot = this.#files.get(key)
    if (hot === undefined) return
    this.#files.delete(key)
    this.#bytes -= cost(hot)
  }
}

/** An empty file costs something too, or endless many of them would cost nothing. */
const cost = ({ file }: HotFile) => file.size + 512
