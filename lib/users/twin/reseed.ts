import type { FileName } from '../../files/file-name.ts'
import { hashFile, readVersion } from '../store/content.ts'
import type { FileEntry, FileRecord } from '../store/file-record.ts'
import { looksLike, lookAt } from '../store/folders.ts'
import type { Tip } from '../store/journal-lines.ts'
import { dropUnknown } from '../store/recovery.ts'
import type { Reign } from '../store/reigns.ts'
import type { Stock } from '../store/stock.ts'
import type { Wanted } from './contents.ts'
import { ContentOfPool } from './content-of-pool.ts'
import { Pool } from './pool.ts'
import type { Rescue } from './rescue.ts'
import { noteOf, type Standing } from './standing.ts'

/** All that the other node still needs of its journal. */
export interface Snapshot {
  tip: Tip
  reigns: readonly Reign[]
  entries: FileEntry[]
}

export interface ReseedOrder {
  snapshot: Snapshot
  /** Records up to this number are the same here and there, or were once. */
  common: number
  /** Of this node's last reign: what it alone has is rescued under this number. */
  epoch: number
  /** What somebody changed by hand here is replaced, too. */
  overDrift: boolean
  /** @returns undefined for what is no longer kept over there */
  fetch: (wanted: Wanted & { size: number }) => Promise<Buffer | undefined>
  signal: AbortSignal
  onProgress: (progress: ReseedProgress) => void
}

export interface ReseedProgress {
  contents: number
  fetched: number
  bytes: number
}

export interface ReseedParts extends Stock {
  rescue: Rescue
  standing: Standing
}

const fetchesAtOnce = 8

/**
 * Makes this store equal to the other one. First what only this one has is brought to safety, then all content that is
 * missing is fetched beside; the journal of the other node takes the place of ours in one step; and what then is not
 * yet in place is put there, after a crash too.
 */
export class Reseed {
  readonly #parts: ReseedParts
  readonly #pool: Pool

  constructor(parts: ReseedParts) {
    this.#parts = parts
    this.#pool = new Pool(parts.folders.reseed)
  }

  async run(order: ReseedOrder): Promise<void> {
    const { onStep, journal } = this.#parts
    await this.finish()
    await this.#rescueOwn(order)
    await onStep('rescued')
    await this.#pool.open()
    const entries = await this.#withOwnLooks(order)
    const missing = entries.filter(({ doubtful }) => doubtful).map(({ entry }) => entry.record)
    const gone = await this.#fill(missing, order)
    await onStep('fetched')
    const needed = entries.map(({ entry }) => entry).filter(({ record }) => !gone.has(record.seq))
    const { tip, reigns } = order.snapshot
    const stood = this.#standingOtherwise(needed)
    await this.#pool.note({ tip, seqs: missing.map(({ seq }) => seq), stood })
    await onStep('noted')
    order.signal.throwIfAborted()
    await journal.replaceBy({ tip, reigns, entries: needed })
    await this.finish()
  }

  /** Puts in place what a run before did not get to. To be called before anything else happens to the store. */
  async finish(): Promise<void> {
    const { folders, histories, chain, journal, onStep } = this.#parts
    const noted = await this.#pool.noted()
    if (noted === undefined) return
    if (noted.tip.seq !== chain.tip.seq || noted.tip.hash !== chain.tip.hash) return this.#pool.forgetNote()
    const content = new ContentOfPool(this.#pool, histories, noted)
    for (const name of histories.names()) await this.#place(name, content)
    await onStep('placed')
    for (const { name, hash } of noted.stood) await this.#release(name as FileName, hash)
    await onStep('released')
    await dropUnknown(folders, histories)
    for (const folder of [folders.root, folders.versions]) await folders.sync(folder)
    await journal.tidy()
    await this.#pool.close()
    await onStep('reseeded')
  }

  /** Records after the last common one were never acknowledged; what they stored is kept where it can be looked at. */
  async #rescueOwn({ snapshot, common, epoch }: ReseedOrder): Promise<void> {
    const { histories, rescue } = this.#parts
    const theirs = new Set(snapshot.entries.map(({ record }) => JSON.stringify(record)))
    const known = new Set(snapshot.entries.map(({ record }) => record.hash))
    for (const { record } of histories.entries()) {
      if (record.seq <= common || theirs.has(JSON.stringify(record))) continue
      const why = 'not known to the active node'
      const path = record.op === 'put' && !known.has(record.hash) ? await this.#pathOf(record) : undefined
      if (path !== undefined) await rescue.keep(epoch, noteOf(record, why), path)
      else await rescue.note(epoch, { ...withoutHash(noteOf(record, why)) })
    }
  }

  /** Where the content of a record is, if it is there and right. */
  async #pathOf({ name, seq, hash }: FileRecord): Promise<string | undefined> {
    const { folders, histories } = this.#parts
    const stands = histories.current(name)?.record.seq === seq
    const path = stands ? folders.pathOf(name) : folders.versionPath(seq)
    return lookAt(path)?.isFile() === true && (await hashFile(path)) === hash ? path : undefined
  }

  /** Their entries with the looks of files that are here; the content of the others is doubtful. */
  async #withOwnLooks({ snapshot, overDrift }: ReseedOrder) {
    const { histories } = this.#parts
    const own = new Map(histories.entries().map((entry) => [JSON.stringify(entry.record), entry]))
    const entries: { entry: FileEntry; doubtful: boolean }[] = []
    for (const { record } of snapshot.entries) {
      const mine = own.get(JSON.stringify(record))
      const doubtful = record.op === 'put' && (mine === undefined || (await this.#lacks(mine, overDrift)))
      entries.push({ entry: { record, ...(mine?.look && { look: mine.look }) }, doubtful })
    }
    return entries
  }

  async #lacks({ record, look }: FileEntry, overDrift: boolean): Promise<boolean> {
    const { folders, histories } = this.#parts
    if (histories.current(record.name)?.record.seq !== record.seq)
      return lookAt(folders.versionPath(record.seq)) === undefined
    if (!overDrift) return false
    const stats = lookAt(folders.pathOf(record.name))
    if (stats !== undefined && looksLike(stats, { record, ...(look && { look }) })) return false
    return (await this.#pathOf(record)) === undefined
  }

  /** Brings all that content into the pool. @returns the puts whose content nobody has any more */
  async #fill(missing: readonly FileRecord[], order: ReseedOrder): Promise<Set<number>> {
    const { histories } = this.#parts
    const own = new Map(histories.entries().map(({ record }) => [record.hash, record]))
    const wanted = [...new Map(missing.map((record) => [record.hash, record])).values()]
    const progress = { contents: wanted.length, fetched: 0, bytes: 0 }
    const goneHashes = new Set<string>()
    const fillNext = async (): Promise<void> => {
      for (let record = wanted.pop(); record !== undefined; record = wanted.pop()) {
        order.signal.throwIfAborted()
        const { hash } = record
        if (!this.#pool.has(hash)) {
          const content = (await this.#ownContent(own.get(hash))) ?? (await order.fetch(record))
          if (content === undefined) goneHashes.add(hash)
          else await this.#pool.add(hash, content)
          progress.bytes += content?.length ?? 0
        }
        progress.fetched += 1
        order.onProgress(progress)
      }
    }
    order.onProgress(progress)
    const filled = await Promise.allSettled(Array.from({ length: fetchesAtOnce }, fillNext))
    for (const result of filled) if (result.status === 'rejected') throw result.reason
    await this.#pool.sync()
    return new Set(missing.filter(({ hash }) => goneHashes.has(hash)).map(({ seq }) => seq))
  }

  async #ownContent(record: FileRecord | undefined): Promise<Buffer | undefined> {
    if (record?.op !== 'put') return undefined
    const path = await this.#pathOf(record)
    return path === undefined ? undefined : readVersion(path, record.hash).catch(() => undefined)
  }

  /** What stands here and will not. */
  #standingOtherwise(needed: readonly FileEntry[]): { name: string; hash: string }[] {
    const { histories } = this.#parts
    const lasts = new Map(needed.map(({ record }) => [record.name, record]))
    return histories.names().flatMap((name) => {
      const [current, last] = [histories.current(name)?.record, lasts.get(name)]
      const staysSo = last?.op === 'put' && last.seq === current?.seq && last.hash === current.hash
      return current === undefined || staysSo ? [] : [{ name, hash: current.hash }]
    })
  }

  async #place(name: FileName, content: ContentOfPool): Promise<void> {
    const { folders, histories, locks, standing } = this.#parts
    await locks.run([name], async () => {
      const current = histories.current(name)?.record
      for (const { op, seq, hash } of histories.of(name))
        if (op === 'put' && seq !== current?.seq) await content.bring(seq, hash, folders.versionPath(seq))
      await standing.settle(name, content)
    })
  }

  async #release(name: FileName, hash: string): Promise<void> {
    await this.#parts.locks.run([name], () => this.#parts.standing.release(name, hash))
  }
}

const withoutHash = ({ hash: _hash, size: _size, ...note }: ReturnType<typeof noteOf>) => note
