import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Protocol } from '../base/protocol.ts'
import { parseFileName, type FileName } from './file-name.ts'
import { fold, type FolderIndex } from './folder-index.ts'
import { isProbeName } from './probe-files.ts'
import { allRoots, rootNames } from './roots.ts'

/** Searching costs a look into folders, so a phone that asks for thousands of wrong names must not cause thousands. */
const searchesPerSecond = 20
/** Folders looked into for one hint. */
const mostFolders = 200

/** Finds what a phone that got "not found" may have meant. */
export class NearMiss {
  readonly #roots: Record<Protocol, string>
  readonly #index: FolderIndex
  readonly #clock: Clock
  #left = searchesPerSecond
  #refilledAt = 0

  constructor(dataFolder: string, { index, clock }: { index: FolderIndex; clock: Clock }) {
    this.#roots = allRoots(dataFolder)
    this.#index = index
    this.#clock = clock
  }

  /** A sentence such as `there is a 46xxupgrade.txt`; undefined when nothing is near, or the search is too busy. */
  async hint(protocol: Protocol, name: FileName): Promise<string | undefined> {
    if (isProbeName(fold(name)) || !this.#maySearch()) return undefined
    return (
      (await this.#otherEnding(protocol, name)) ??
      (await this.#otherRoot(protocol, name)) ??
      (await this.#otherFolder(protocol, name))
    )
  }

  #maySearch(): boolean {
    const now = this.#clock.now()
    if (now - this.#refilledAt >= 1_000) {
      this.#refilledAt = now
      this.#left = searchesPerSecond
    }
    return this.#left-- > 0
  }

  /** Old phones ask for `.scr`, newer ones for `.txt`. */
  async #otherEnding(protocol: Protocol, name: FileName): Promise<string | undefined> {
    const [, stem, ending] = /^(.+)\.(scr|txt)$/i.exec(name) ?? []
    if (stem === undefined || ending === undefined) return undefined
    const other = parseFileName(`${stem}.${ending.toLowerCase() === 'scr' ? 'txt' : 'scr'}`)
    const found = await this.#index.find(this.#roots[protocol], other)
    return found === undefined ? undefined : `there is a ${found.slice(this.#roots[protocol].length + 1)}`
  }

  async #otherRoot(protocol: Protocol, name: FileName): Promise<string | undefined> {
    for (const [other, root] of Object.entries(this.#roots) as [Protocol, string][]) {
      if (other === protocol) continue
      if ((await this.#index.find(root, name)) !== undefined) {
        return `it lies in ${rootNames[other]}, which is served over ${other.toUpperCase()} on another port`
      }
    }
    return undefined
  }

  async #otherFolder(protocol: Protocol, name: FileName): Promise<string | undefined> {
    const root = this.#roots[protocol]
    const wanted = fold(name.slice(name.lastIndexOf('/') + 1))
    const folders = ['']
    for (let looked = 0; looked < Math.min(folders.length, mostFolders); looked++) {
      const folder = folders[looked] ?? ''
      const inside = await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])
      const found = inside.find((entry) => entry.isFile() && fold(entry.name) === wanted)
      if (found !== undefined) return `it lies at ${join(folder, found.name)}`
      for (const entry of inside)
        if (entry.isDirectory() && !entry.name.startsWith('.')) folders.push(join(folder, entry.name))
    }
    return undefined
  }
}
