import { hash } from 'node:crypto'
import type { Alarms } from '../../base/alarms.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { Refusal } from '../../files/refusal.ts'
import { chained, checkChained, tipAfter } from './chain.ts'
import type { Draft, Entry } from './file-record.ts'
import { beginning, entriesLine, reignsWith, type Tip } from './journal-lines.ts'
import { Recent } from './recent.ts'
import { withReign, type Reign } from './reigns.ts'
import { Segments } from './segments.ts'
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
  /** Batches held in memory for another store that goes on from there; absent: none. */
  recentBatches?: number
  /** What happened, as the journal knows it: called when read, and once durable. */
  apply: (entry: Entry) => void
  /** What of it is still needed. */
  needed: () => Entry[]
}

/** Another journal in place of this one, as far as it is still needed. */
export interface Successor {
  tip: Tip
  reigns: readonly Reign[]
  entries: Entry[]
  /** Called the moment it counts. */
  onSwitched: () => void
}

export const journalAlarm = 'journal of user data'

interface Waiting {
  /** The entries, after the one at `tip`. */
  place: (tip: Tip) => readonly Entry[]
  isSettled: boolean
  resolve: (entries: Entry[]) => void
  reject: (reason: unknown) => void
}

interface Compaction {
  successor: Successor | undefined
  resolve: () => void
  reject: (reason: unknown) => void
}

/** What happened to user data, in order, durable before it is acknowledged. One segment counts, the latest. */
export class Journal {
  readonly #parts: JournalParts
  readonly #flushing = new SharedSync(() => this.#flush())
  readonly #recent: Recent
  readonly #segments: Segments
  readonly #settledListeners = new Set<() => void>()
  #waiting: Waiting[] = []
  #compactions: Compaction[] = []
  /** Entries of the segment. */
  #entries = 0
  #compactAtBytes = 0
  #tip: Tip = beginning
  #reigns: readonly Reign[] = []
  /** What is written here happens here; otherwise it is a copy of what happened elsewhere. */
  #originates = true
  #epoch: number | undefined
  /** Why nothing can be written any more. */
  #broken: Error | undefined

  constructor(parts: JournalParts) {
    this.#parts = parts
    this.#segments = new Segments({ ...parts, onUnclear: (cause) => this.break(cause) })
    this.#recent = new Recent(parts.recentBatches ?? 0, beginning, () => {
      for (const listener of this.#settledListeners) listener()
    })
  }

  get entries(): number {
    return this.#entries
  }

  get broken(): Error | undefined {
    return this.#broken
  }

  get tip(): Tip {
    return this.#tip
  }

  get reigns(): readonly Reign[] {
    return this.#reigns
  }

  get recent(): Pick<Recent, 'after' | 'settledTip'> {
    return this.#recent
  }

  /** Told whenever more is settled. @returns takes the listener back */
  onSettled(listener: () => void): () => void {
    this.#settledListeners.add(listener)
    return () => this.#settledListeners.delete(listener)
  }

  /** From now on things happen here, in the reign of that number. */
  originate(epoch: number): void {
    this.#originates = true
    this.#epoch = epoch
    this.#reigns = withReign(this.#reigns, { epoch, after: this.#tip })
  }

  /** From now on only copies are written. */
  copy(): void {
    this.#originates = false
  }

  /**
   * Reads what is there. Unless it is whole, it must be compacted before anything is appended.
   * @returns whether all is there: it is not when the segment is damaged, or when there is none
   */
  async load(): Promise<'whole' | 'damaged' | 'missing'> {
    const parsed = await this.#segments.load()
    if (parsed === undefined) return 'missing'
    this.#tip = parsed.tip
    this.#reigns = parsed.reigns
    this.#entries = parsed.entries.length
    for (const entry of parsed.entries) this.#parts.apply(entry)
    this.#useSegment()
    if (parsed.damage !== undefined) {
      this.#tellDamage(parsed.damage)
      return 'damaged'
    }
    this.#recent.restart(parsed.base, parsed.batches)
    return 'whole'
  }

  /** The next record gets a number above this one. */
  reserve(seq: number): void {
    if (seq > this.#tip.seq) this.#tip = { ...this.#tip, seq }
    this.#recent.restart(this.#tip)
  }

  /** What was here is not all that it was: no other journal shall take this one for the same. */
  disown(): void {
    this.#tip = { ...this.#tip, hash: hash('sha256', `damaged after ${this.#tip.hash}`) }
    this.#recent.restart(this.#tip)
  }

  /**
   * Writes what happened, together or not at all, and applies it. It is settled with that.
   * @returns once it is durable
   */
  append(drafts: readonly Draft[]): Promise<Entry[]> {
    return this.#enqueue((tip) => this.#chain(drafts, tip), true)
  }

  /** As `append`, for what is not complete yet: `settle` must be called once it is, whatever comes of it. */
  appendUnsettled(drafts: readonly Draft[]): Promise<Entry[]> {
    return this.#enqueue((tip) => this.#chain(drafts, tip), false)
  }

  /** As `appendUnsettled`, for what happened elsewhere. Calls make a queue: each must follow the one before. */
  appendCopy(entries: readonly Entry[]): Promise<Entry[]> {
    return this.#enqueue((tip) => this.#checkCopy(entries, tip), false)
  }

  settle(seq: number): void {
    this.#recent.settle(seq)
  }

  /** Begins a new segment with what is still needed. */
  compact(): Promise<void> {
    return this.#compactWith(undefined)
  }

  /** Becomes that journal, in one step. For whoever lets nothing be appended meanwhile. */
  replaceBy(successor: Successor): Promise<void> {
    return this.#compactWith(successor)
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
    await this.#segments.close()
  }

  async #enqueue(place: Waiting['place'], isSettled: boolean): Promise<Entry[]> {
    if (this.#broken !== undefined) throw this.#broken
    const written = Promise.withResolvers<Entry[]>()
    this.#waiting.push({ place, isSettled, resolve: written.resolve, reject: written.reject })
    // Both at once: the flush may go on to compact, and a failure that nobody hears meanwhile would end the process.
    const [entries] = await Promise.all([written.promise, this.#flushing.run()])
    return entries
  }

  async #compactWith(successor: Successor | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#compactions.push({ successor, resolve, reject })
    await Promise.all([promise, this.#flushing.run()])
  }

  /** Throws nothing itself: whoever waits hears what became of theirs. */
  async #flush(): Promise<void> {
    const [batch, compactions] = [this.#waiting.splice(0), this.#compactions.splice(0)]
    try {
      if (batch.length > 0) await this.#write(batch)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    const bytes = this.#segments.current?.bytes ?? 0
    if (compactions.length === 0 && bytes <= this.#compactAtBytes) return
    try {
      await this.#compactNow(compactions.find(({ successor }) => successor !== undefined)?.successor)
      for (const { resolve } of compactions) resolve()
    } catch (error) {
      this.#compactAtBytes = 2 * bytes // it costs nothing to go on with the old segment
      this.#parts.log.warn({ err: error }, 'journal of user data not compacted')
      for (const { reject } of compactions) reject(error)
    }
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const segment = this.#segments.current
    if (segment === undefined) throw new Error('the store of user data has not started')
    const { placed, tip } = this.#placeEach(batch)
    if (placed.length === 0) return
    try {
      await segment.append(placed.map(({ entries }) => entriesLine(entries)).join(''))
    } catch (error) {
      // What that left must not be taken for a record later.
      await segment.cut().catch(() => this.break(error))
      throw error
    }
    this.#tip = tip
    for (const { entries, tip: end, waiting } of placed) {
      for (const entry of entries) {
        this.#reigns = reignsWith(this.#reigns, entry.record)
        this.#parts.apply(entry)
      }
      this.#entries += entries.length
      this.#recent.add({ entries, tip: end }, waiting.isSettled)
      waiting.resolve([...entries])
    }
  }

  /** Whoever cannot be placed hears it, and the others go on without. */
  #placeEach(batch: readonly Waiting[]) {
    let tip = this.#tip
    const placed: { entries: readonly Entry[]; tip: Tip; waiting: Waiting }[] = []
    for (const waiting of batch) {
      try {
        const entries = waiting.place(tip)
        tip = tipAfter(entries, tip)
        placed.push({ entries, tip, waiting })
      } catch (error) {
        waiting.reject(error)
      }
    }
    return { placed, tip }
  }

  #chain(drafts: readonly Draft[], tip: Tip): readonly Entry[] {
    if (!this.#originates)
      throw new Refusal('notActive', 'user data is only copied here, from the active node')
    const at = this.#parts.clock.wallTime().toISOString()
    return chained(drafts, tip, { at, epoch: this.#epoch })
  }

  #checkCopy(entries: readonly Entry[], tip: Tip): readonly Entry[] {
    if (this.#originates) throw new Error('this node is active, and copies nothing')
    return checkChained(entries, tip)
  }

  async #compactNow(successor: Successor | undefined): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const entries = successor?.entries ?? this.#parts.needed()
    const { tip, reigns } = successor ?? { tip: this.#tip, reigns: this.#reigns }
    await this.#segments.begin({ ...tip, ...(reigns.length > 0 && { reigns }) }, entries, () => {
      this.#useSegment()
      this.#entries = entries.length
      if (successor !== undefined) this.#succeed(successor)
    })
  }

  #succeed({ tip, reigns, onSwitched }: Successor): void {
    this.#tip = tip
    this.#reigns = reigns
    this.#recent.restart(tip)
    onSwitched()
  }

  #useSegment(): void {
    const bytes = this.#segments.current?.bytes ?? 0
    this.#compactAtBytes = Math.max(this.#parts.compactAtBytes, 2 * bytes)
  }

  #tellDamage(damage: string): void {
    const { path, asidePath } = this.#segments
    this.#parts.alarms.raise(
      journalAlarm,
      `${damage} of ${path} is damaged; what could be read goes on, files on disk are taken in anew, a copy lies in ${asidePath}. Check the disk`,
    )
  }
}
