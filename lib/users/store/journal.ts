import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Alarms } from '../../base/alarms.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Draft, Entry } from './file-record.ts'
import { beginning, entriesLine, hashOf, parseSegment, type Tip } from './journal-lines.ts'
import { Segment } from './segment.ts'
import { SharedSync } from './shared-sync.ts'
import type { OnStep } from './steps.ts'

export interface JournalParts {
  folder: string
  /** Makes the names in the folder durable. */
  syncFolder: () => Promise<void>
  clock: Clock
  log: Log
  alarms: Alarms
  onStep: OnStep
  /** A segment of fewer bytes is not compacted. */
  compactAtBytes: number
  /** What happened, as the journal knows it: called when read, and once durable. */
  apply: (entry: Entry) => void
  /** What of it is still needed. */
  needed: () => Entry[]
}

export const journalAlarm = 'journal of user data'

interface Waiting {
  drafts: readonly Draft[]
  resolve: (entries: Entry[]) => void
  reject: (reason: unknown) => void
}

/** What happened to user data, in order, durable before it is acknowledged. One segment counts, the latest. */
export class Journal {
  readonly #parts: JournalParts
  readonly #flushing = new SharedSync(() => this.#flush())
  #waiting: Waiting[] = []
  #compactions: PromiseWithResolvers<void>[] = []
  /** Entries of the segment. */
  #entries = 0
  #segment: Segment | undefined
  #number = 0
  #compactAtBytes = 0
  #tip: Tip = beginning
  /** Why nothing can be written any more. */
  #broken: Error | undefined

  constructor(parts: JournalParts) {
    this.#parts = parts
  }

  get entries(): number {
    return this.#entries
  }

  get broken(): Error | undefined {
    return this.#broken
  }

  /**
   * Reads what is there. Unless it is whole, it must be compacted before anything is appended.
   * @returns whether all is there: it is not when the segment is damaged, or when there is none
   */
  async load(): Promise<'whole' | 'damaged' | 'missing'> {
    const { folder, apply } = this.#parts
    const names = await readdir(folder)
    for (const name of names) if (name.endsWith('.new')) await rm(join(folder, name))
    const segments = names.filter((name) => /^\d{8}\.jsonl$/.test(name)).toSorted()
    this.#number = Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0))
    const latest = segments.pop()
    if (latest === undefined) return 'missing'
    this.#number = Number.parseInt(latest, 10)
    const parsed = parseSegment(await readFile(join(folder, latest)))
    this.#tip = parsed.tip
    this.#entries = parsed.entries.length
    for (const entry of parsed.entries) apply(entry)
    if (parsed.damage !== undefined) await this.#keepAside(parsed.damage)
    // A compaction did not get as far as this.
    for (const older of segments) await rm(join(folder, older))
    await this.#take(parsed.wholeBytes)
    return parsed.damage === undefined ? 'whole' : 'damaged'
  }

  /** The next record gets a number above this one. */
  reserve(seq: number): void {
    if (seq > this.#tip.seq) this.#tip = { ...this.#tip, seq }
  }

  /**
   * Writes what happened, together or not at all, and applies it.
   * @returns once it is durable
   */
  async append(drafts: readonly Draft[]): Promise<Entry[]> {
    if (this.#broken !== undefined) throw this.#broken
    const written = Promise.withResolvers<Entry[]>()
    this.#waiting.push({ drafts, resolve: written.resolve, reject: written.reject })
    // Both at once: the flush may go on to compact, and a failure that nobody hears meanwhile would end the process.
    const [entries] = await Promise.all([written.promise, this.#flushing.run()])
    return entries
  }

  /** Begins a new segment with what is still needed. */
  async compact(): Promise<void> {
    const compacted = Promise.withResolvers<void>()
    this.#compactions.push(compacted)
    await this.#flushing.run()
    await compacted.promise
  }

  /** Refuses everything from now on: memory and disk would no longer agree. */
  break(cause: unknown): void {
    const { folder, alarms } = this.#parts
    const why = cause instanceof Error ? cause.message : String(cause)
    const text = `no user data is stored any more, because the disk of ${folder} failed (${why}); mend it and restart the service`
    this.#broken = new Error(text, { cause })
    alarms.raise(journalAlarm, text)
  }

  async close(): Promise<void> {
    this.#broken ??= new Error('the store of user data is closed')
    await this.#segment?.close()
    this.#segment = undefined
  }

  /** Throws nothing itself: whoever waits hears what became of theirs. */
  async #flush(): Promise<void> {
    const [batch, compactions] = [this.#waiting.splice(0), this.#compactions.splice(0)]
    try {
      if (batch.length > 0) await this.#write(batch)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    const bytes = this.#segment?.bytes ?? 0
    if (compactions.length === 0 && bytes <= this.#compactAtBytes) return
    try {
      await this.#compactNow()
      for (const { resolve } of compactions) resolve()
    } catch (error) {
      this.#compactAtBytes = 2 * bytes // it costs nothing to go on with the old segment
      this.#parts.log.warn({ err: error }, 'journal of user data not compacted')
      for (const { reject } of compactions) reject(error)
    }
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const segment = this.#segment
    if (segment === undefined) throw new Error('the store of user data has not started')
    let tip = this.#tip
    const placed = batch.map(({ drafts }) =>
      drafts.map((draft) => {
        const entry = this.#place(draft, tip)
        tip = { seq: entry.record.seq, hash: hashOf(entry.record) }
        return entry
      }),
    )
    try {
      await segment.append(placed.map(entriesLine).join(''))
    } catch (error) {
      // What that left must not be taken for a record later.
      await segment.cut().catch(() => this.break(error))
      throw error
    }
    this.#tip = tip
    for (const [index, entries] of placed.entries()) {
      for (const entry of entries) this.#parts.apply(entry)
      this.#entries += entries.length
      batch[index]?.resolve(entries)
    }
  }

  #place({ record, look }: Draft, tip: Tip): Entry {
    const at = this.#parts.clock.wallTime().toISOString()
    const placed: Entry['record'] = { seq: tip.seq + 1, at, ...record, previous: tip.hash }
    return { record: placed, ...(look === undefined ? {} : { look }) }
  }

  async #compactNow(): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const passing = `${this.#pathOf(this.#number + 1)}.new`
    const entries = this.#parts.needed()
    let segment: Segment | undefined
    try {
      segment = await Segment.create(passing, this.#tip, entries)
      await this.#parts.onStep('segment written')
      await this.#switchTo(segment)
      this.#entries = entries.length
    } catch (error) {
      if (this.#segment !== segment) await segment?.close()
      await rm(passing, { force: true }).catch(() => {})
      throw error
    }
  }

  async #switchTo(segment: Segment): Promise<void> {
    const { syncFolder, onStep } = this.#parts
    const old = { segment: this.#segment, path: this.#pathOf(this.#number) }
    const path = this.#pathOf(this.#number + 1)
    await rename(`${path}.new`, path)
    try {
      await syncFolder()
    } catch (error) {
      this.break(error) // nobody knows which of the two counts after a crash
      throw error
    }
    this.#number += 1
    this.#use(segment)
    await onStep('segment in place')
    await old.segment?.close()
    await rm(old.path, { force: true })
    await onStep('old segment removed')
  }

  async #take(wholeBytes: number): Promise<void> {
    const path = this.#pathOf(this.#number)
    const segment = await Segment.open(path, wholeBytes)
    this.#use(segment)
    const bytes = await segment.cut()
    if (bytes > 0)
      this.#parts.log.warn({ path, bytes }, 'unfinished record cut from the journal of user data')
  }

  #use(segment: Segment): void {
    this.#segment = segment
    this.#compactAtBytes = Math.max(this.#parts.compactAtBytes, 2 * segment.bytes)
  }

  async #keepAside(damage: string): Promise<void> {
    const path = this.#pathOf(this.#number)
    const aside = `${path}.damaged`
    await copyFile(path, aside)
    this.#parts.alarms.raise(
      journalAlarm,
      `${damage} of ${path} is damaged; what could be read goes on, files on disk are taken in anew, a copy lies in ${aside}. Check the disk`,
    )
  }

  #pathOf(number: number): string {
    return join(this.#parts.folder, `${String(number).padStart(8, '0')}.jsonl`)
  }
}
