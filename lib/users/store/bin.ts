import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { FileName } from '../../files/file-name.ts'
import type { FileRecord } from './file-record.ts'
import type { Folders } from './folders.ts'
import type { Histories } from './histories.ts'
import type { Journal } from './journal.ts'
import type { NameLocks } from './name-locks.ts'

export interface BinParts {
  folders: Folders
  histories: Histories
  journal: Journal
  locks: NameLocks
  clock: Clock
  log: Log
}

export const dayMs = 86_400_000

/** Deleted files. Their content lies among the versions; they are a bin because of what the journal says. */
export class Bin {
  readonly #binDays: number
  readonly #parts: BinParts

  constructor(binDays: number, parts: BinParts) {
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
