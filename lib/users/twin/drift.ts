import { setImmediate as breathe } from 'node:timers/promises'
import type { Stats } from 'node:fs'
import type { FileName } from '../../files/file-name.ts'
import { hashFile } from '../store/content.ts'
import { looksLike, lookAt, lookOf } from '../store/folders.ts'
import type { Stock } from '../store/stock.ts'
import { namesOnDisk } from '../store/take-in.ts'
import type { Standing } from './standing.ts'

/** A file that somebody changed on the node that only follows. */
export interface Drifted {
  name: FileName
  what: 'changed' | 'added' | 'removed'
}

interface Seen extends Drifted {
  /** What was looked at: as long as it is the same, it is not read again. */
  look: string
}

const atOnce = 200

/** What administrators do to files of a node that follows the other. It stays as it is until the file is saved anew. */
export class Drift {
  readonly #parts: Stock
  #seen = new Map<FileName, Seen>()

  constructor(parts: Stock) {
    this.#parts = parts
  }

  list(): Drifted[] {
    return [...this.#seen.values()].map(({ name, what }) => ({ name, what }))
  }

  forget(): void {
    this.#seen.clear()
  }

  /** Looks at every file there is or should be. */
  async look(signal?: AbortSignal): Promise<void> {
    const { folders, histories, locks, log } = this.#parts
    const names = new Set([...histories.names(), ...(await namesOnDisk(folders, log))])
    const seen = new Map<FileName, Seen>()
    let count = 0
    for (const name of names) {
      if (signal?.aborted === true) return
      if (++count % atOnce === 0) await breathe()
      if (this.#isAsStored(name)) continue
      const found = await locks.run([name], () => this.#judge(name))
      if (found !== undefined) seen.set(name, found)
    }
    for (const { name: file, what } of seen.values())
      if (this.#seen.get(file)?.what !== what) log.warn({ file, what }, 'user data differs by hand')
    this.#seen = seen
  }

  /** Removes what somebody added, once it is safe. */
  async removeAdded(standing: Standing): Promise<void> {
    const { folders, locks } = this.#parts
    await this.look()
    for (const { name, what } of this.list()) {
      if (what !== 'added') continue
      await locks.run([name], async () => {
        const stats = lookAt(folders.pathOf(name))
        if (stats !== undefined) await standing.displace(name, stats, undefined)
        await folders.remove(name)
        await folders.syncName(name)
      })
    }
  }

  #isAsStored(name: FileName): boolean {
    const { folders, histories } = this.#parts
    const [current, stats] = [histories.current(name), lookAt(folders.pathOf(name))]
    return current === undefined ? stats === undefined : stats !== undefined && looksLike(stats, current)
  }

  async #judge(name: FileName): Promise<Seen | undefined> {
    const { folders, histories } = this.#parts
    if (this.#isAsStored(name)) return undefined
    const [current, stats] = [histories.current(name), lookAt(folders.pathOf(name))]
    const look = `${current?.record.seq} ${lookText(stats)}`
    const before = this.#seen.get(name)
    if (before?.look === look) return before
    if (current === undefined) return stats?.isFile() === true ? { name, what: 'added', look } : undefined
    if (stats === undefined) return { name, what: 'removed', look }
    if (stats.isFile() && stats.size === current.record.size) {
      if ((await hashFile(folders.pathOf(name))) === current.record.hash) {
        histories.setLook(name, lookOf(stats))
        return undefined
      }
    }
    return { name, what: 'changed', look }
  }
}

const lookText = (stats: Stats | undefined) =>
  stats === undefined ? 'nothing' : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`
