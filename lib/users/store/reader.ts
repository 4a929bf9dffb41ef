import type { Stats } from 'node:fs'
import { messageOf } from '../../base/message-of.ts'
import type { FileName } from '../../files/file-name.ts'
import { sameIdentity, type HotFiles } from '../../files/hot-files.ts'
import { Refusal } from '../../files/refusal.ts'
import type { StoredFile } from '../../files/stored-file.ts'
import { readStanding, readVersion, UserFile, type Found } from './content.ts'
import type { FileRecord } from './file-record.ts'
import { isAddressList, lookAt, looksLike } from './folders.ts'
import type { Stock } from './stock.ts'

export interface ReaderParts extends Stock {
  /** Contents that are asked for often. */
  hot: HotFiles
}

const readTries = 8
const versionAlarm = 'versions of user data'

/** Reads what stands and what is kept, while others change it. */
export class Reader {
  readonly #parts: ReaderParts

  constructor(parts: ReaderParts) {
    this.#parts = parts
  }

  /** What stands, once changes under way are over. @throws Refusal */
  async read(name: FileName): Promise<StoredFile> {
    const { folders, hot, locks } = this.#parts
    await locks.settled(name)
    const path = folders.pathOf(name)
    const known = hot.get(path)
    const stats = known && lookAt(path)
    if (known !== undefined && stats !== undefined && sameIdentity(stats, known.identity)) return known.file
    const found = await this.readNow(name)
    const file = new UserFile(name, found)
    // A folder on the way could become a link meanwhile, at the end of which the same file lies.
    if (!name.includes('/')) hot.put(path, { file, path, realPath: path, identity: found.stats })
    return file
  }

  /** For whoever holds the name. @throws Refusal */
  async readNow(name: FileName): Promise<Found> {
    const { folders, histories } = this.#parts
    if (isAddressList(name)) throw new Refusal('forbidden', `${name} is an address list`)
    for (let tries = 1; tries <= readTries; tries++) {
      const found = await readStanding(folders, name, (stats) => this.#isOurs(name, stats))
      if (found === undefined) continue
      if (!folders.isLinkedElsewhere(found.stats, histories.of(name))) return found
      // It may have been a version a moment ago, and pruned since: then it is another file now.
      if (tries === readTries) throw new Refusal('forbidden', `${name} is a hard link to a file elsewhere`)
    }
    throw new Refusal('busy', `${name} is being written by somebody else`)
  }

  /** @throws Refusal `notFound`; an Error when the content is not what was stored */
  async readVersion(name: FileName, seq: number): Promise<Buffer> {
    const { folders, histories, locks } = this.#parts
    await locks.settled(name)
    const record = histories.of(name).find((each) => each.seq === seq && each.op === 'put')
    if (record === undefined) throw new Refusal('notFound', `there is no version ${seq} of ${name}`)
    if (!this.#isCurrent(name, seq)) return this.readKept(record)
    try {
      return await readVersion(folders.pathOf(name), record.hash)
    } catch (cause) {
      // Replaced while it was being read, it lies elsewhere now.
      if (!this.#isCurrent(name, seq)) return this.readVersion(name, seq)
      throw new Error(`version ${seq} of ${name} cannot be read`, { cause })
    }
  }

  /** The content of a put that no longer stands. @throws Error when it is not what was stored */
  async readKept({ name, seq, hash }: FileRecord): Promise<Buffer> {
    try {
      return await readVersion(this.#parts.folders.versionPath(seq), hash)
    } catch (cause) {
      const what = `version ${seq} of ${name} cannot be read`
      this.#parts.alarms.raise(versionAlarm, `${what}: ${messageOf(cause)}`)
      throw new Error(what, { cause })
    }
  }

  #isCurrent(name: FileName, seq: number): boolean {
    return this.#parts.histories.current(name)?.record.seq === seq
  }

  #isOurs(name: FileName, stats: Stats): boolean {
    const current = this.#parts.histories.current(name)
    return current !== undefined && looksLike(stats, current)
  }
}
