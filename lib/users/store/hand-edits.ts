import type { FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import { readStanding, type Found } from './content.ts'
import type { Draft, FileRecord, Origin } from './file-record.ts'
import { looksLike, lookAt, lookOf } from './folders.ts'
import { keptAtHand } from './histories.ts'
import type { Stock } from './stock.ts'

const lookTries = 5

/** What administrators do to the files themselves: each such change becomes a version, or a deletion, of its own. */
export class HandEdits {
  readonly #shrinkPercent: number
  readonly #parts: Stock

  constructor(shrinkPercent: number, parts: Stock) {
    this.#shrinkPercent = shrinkPercent
    this.#parts = parts
  }

  /** For whoever holds the name. @returns what was done to it, if anything. @throws Refusal */
  async takeIn(name: FileName): Promise<FileRecord[]> {
    const { folders, histories, journal, log } = this.#parts
    const standing = histories.current(name)
    const stats = folders.standing(name, histories.of(name))
    if (stats !== undefined && standing !== undefined && looksLike(stats, standing)) return []
    const found = stats === undefined ? undefined : await this.#look(name)
    if (found !== undefined && found.hash === standing?.record.hash) {
      histories.setLook(name, lookOf(found.stats))
      return []
    }
    const drafts = this.#drafts(name, standing?.record, found)
    if (drafts.length === 0) return []
    const entries = await journal.append(drafts)
    const what = found === undefined ? 'removed' : standing === undefined ? 'added' : 'changed'
    log.info({ file: name, what }, 'user data changed by hand')
    return entries.flatMap(({ record }) => (record.op === 'void' ? [] : [record]))
  }

  /** A file is looked at until it stays as it is. */
  async #look(name: FileName): Promise<Found | undefined> {
    for (let tries = 0; tries < lookTries; tries++) {
      try {
        const found = await readStanding(this.#parts.folders, name, () => false)
        if (found !== undefined) return found
      } catch (error) {
        if (error instanceof Refusal && error.reason === 'notFound') return undefined
        throw error
      }
    }
    throw new Refusal('busy', `${name} is being written by somebody else`)
  }

  #drafts(name: FileName, standing: FileRecord | undefined, found: Found | undefined): Draft[] {
    const { folders, histories } = this.#parts
    // The content that stood before is no more, unless a crash left it among the versions.
    const isLost = standing !== undefined && lookAt(folders.versionPath(standing.seq)) === undefined
    const drafts: Draft[] = isLost ? [{ record: { op: 'void', name, of: standing.seq } }] : []
    if (found !== undefined) {
      const { size } = found.stats
      const shrankFrom = keptAtHand(histories.of(name), size, this.#shrinkPercent)
      const isGone = shrankFrom === undefined || (isLost && shrankFrom === standing.seq)
      const atHand = isGone ? {} : { shrankFrom }
      const record = { op: 'put', name, size, hash: found.hash, by: by('found on disk'), ...atHand } as const
      drafts.push({ record, look: lookOf(found.stats) })
    } else if (standing !== undefined) {
      const { size, hash } = standing
      drafts.push({ record: { op: 'delete', name, size, hash, by: by('gone from disk') } })
    }
    return drafts
  }
}

const by = (why: string): Origin => ({ protocol: 'local', address: '', why })
