import type { FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import type { FileRecord } from './file-record.ts'
import type { Stock } from './stock.ts'

export const dayMs = 86_400_000

/** Deleted files. Their content lies among the versions; they are a bin because of what the journal says. */
export class Bin {
  readonly #binDays: number
  readonly #parts: Stock

  constructor(binDays: number, parts: Stock) {
    this.#binDays = binDays
    this.#parts = parts
  }

  /** The deletions of files that can be brought back. */
  list(): FileRecord[] {
    const { histories } = this.#parts
    return histories
      .names()
      .filter((name) => histories.lastPut(name) !== undefined)
      .flatMap((name) => histories.deletion(name) ?? [])
  }

  /** What stood last. For whoever holds the name. @throws Refusal when it is not deleted, or not known */
  find(name: FileName): FileRecord {
    const { histories } = this.#parts
    if (histories.current(name) !== undefined)
      throw new Refusal('forbidden', `${name} is not deleted; restore a version of it instead`)
    const last = histories.lastPut(name)?.record
    if (last === undefined) throw new Refusal('notFound', `there is no ${name} in the bin`)
    return last
  }

  /** Forgets what has been here for its time: first in the journal, then its content. */
  async purge(): Promise<void> {
    const { folders, histories, journal, locks, log } = this.#parts
    const due = histories.names().filter((name) => this.#isDue(name))
    if (due.length === 0) return
    await locks.run(due, async () => {
      const gone = due.filter((name) => this.#isDue(name)).flatMap((name) => histories.forget(name))
      await journal.compact()
      for (const { seq } of gone) await folders.dropVersion(seq)
    })
    log.info({ files: due.length }, 'deleted user data purged')
  }

  #isDue(name: FileName): boolean {
    const { clock, histories } = this.#parts
    const deletion = histories.deletion(name)
    if (deletion === undefined) return false
    return Date.parse(deletion.at) < clock.wallTime().getTime() - this.#binDays * dayMs
  }
}
