import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/message-of.ts'
import { tipAfter, type Chain } from './chain.ts'
import type { Draft, Entry } from './file-record.ts'
import type { Histories } from './histories.ts'
import type { Tip } from './journal-lines.ts'
import type { Batch } from './recent.ts'
import type { Reign } from './reigns.ts'
import { journalAlarm, Segments, type SegmentsParts } from './segments.ts'
import { SharedSync } from './shared-sync.ts'

export interface JournalParts extends Omit<SegmentsParts, 'onUnclear'> {
  chain: Chain
  histories: Pick<Histories, 'apply' | 'entries' | 'replace' | 'looksChanged'>
  /** Called for each entry that is read back, once it is applied. */
  onRead?: (entry: Entry) => void
  clock: Clock
}

/** Another journal in place of this one, as far as it is still needed. */
export interface Successor {
  tip: Tip
  reigns: readonly Reign[]
  entries: Entry[]
}

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

/** What happened to user data, in order, durable before it is acknowledged. */
export class Journal {
  readonly #parts: JournalParts
  readonly #flushing = new SharedSync(() => this.#flush())
  readonly #segments: Segments
  #waiting: Waiting[] = []
  #compactions: Compaction[] = []
  /** Why nothing can be written any more. */
  #broken: Error | undefined

  constructor(parts: JournalParts) {
    this.#parts = parts
    this.#segments = new Segments({ ...parts, onUnclear: (cause) => this.break(cause) })
  }

  get broken(): Error | undefined {
    return this.#broken
  }

  /**
   * Reads what is there. Unless it is whole, it must be compacted before anything is appended.
   * @returns whether all is there: it is not when the segment is damaged, or when there is none
   */
  async load(): Promise<'whole' | 'damaged' | 'missing'> {
    const parsed = await this.#segments.load()
    if (parsed === undefined) return 'missing'
    this.#parts.chain.goOnFrom(parsed)
    for (const entry of parsed.entries) {
      this.#parts.histories.apply(entry)
      this.#parts.onRead?.(entry)
    }
    return parsed.damage === undefined ? 'whole' : 'damaged'
  }

  /**
   * Writes what happened, together or not at all, and applies it. It is settled with that.
   * @returns once it is durable
   */
  append(drafts: readonly Draft[]): Promise<Entry[]> {
    return this.#enqueue((tip) => this.#place(drafts, tip), true)
  }

  /** As `append`, for what is not complete yet: it must be settled in the chain once it is, whatever comes of it. */
  appendUnsettled(drafts: readonly Draft[]): Promise<Entry[]> {
    return this.#enqueue((tip) => this.#place(drafts, tip), false)
  }

  /** As `appendUnsettled`, for what happened elsewhere. Calls make a queue: each must follow the one before. */
  appendCopy(entries: readonly Entry[]): Promise<Entry[]> {
    return this.#enqueue((tip) => this.#parts.chain.check(entries, tip), false)
  }

  /** Begins a new segment with what is still needed. */
  compact(): Promise<void> {
    return this.#compactWith(undefined)
  }

  /** Compacts where something is not needed any more, or looks different. */
  async tidy(): Promise<void> {
    const { histories } = this.#parts
    if (histories.looksChanged || this.#segments.entries > histories.entries().length) await this.compact()
  }

  /** Becomes that journal, in one step. For whoever lets nothing be appended meanwhile. */
  replaceBy(successor: Successor): Promise<void> {
    return this.#compactWith(successor)
  }

  /** Refuses everything from now on: memory and disk would no longer agree. */
  break(cause: unknown): void {
    const { folder, alarms } = this.#parts
    const text = `no user data is stored any more, because the disk of ${folder} failed (${messageOf(cause)}); mend it and restart the service`
    this.#broken = new Error(text, { cause })
    alarms.raise(journalAlarm, text)
  }

  async close(): Promise<void> {
    this.#broken ??= new Error('the store of user data is closed')
    await this.#segments.close()
  }

  #place(drafts: readonly Draft[], tip: Tip): readonly Entry[] {
    const { chain, clock } = this.#parts
    return chain.place(drafts, tip, clock.wallTime().toISOString())
  }

  async #enqueue(place: Waiting['place'], isSettled: boolean): Promise<Entry[]> {
    if (this.#broken !== undefined) throw this.#broken
    const { promise, resolve, reject } = Promise.withResolvers<Entry[]>()
    this.#waiting.push({ place, isSettled, resolve, reject })
    // Both at once: the flush may go on to compact, and a failure that nobody hears meanwhile would end the process.
    const [entries] = await Promise.all([promise, this.#flushing.run()])
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
    if (compactions.length === 0 && !this.#segments.isLarge) return
    try {
      await this.#compactNow(compactions.find(({ successor }) => successor !== undefined)?.successor)
      for (const { resolve } of compactions) resolve()
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'journal of user data not compacted')
      for (const { reject } of compactions) reject(error)
    }
  }

  async #write(waiting: readonly Waiting[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const placed = this.#placeEach(waiting)
    if (placed.length === 0) return
    await this.#segments.append(placed.map(({ batch }) => batch.entries))
    const { chain, histories } = this.#parts
    for (const { batch, isSettled, resolve } of placed) {
      for (const entry of batch.entries) histories.apply(entry)
      chain.add(batch, isSettled)
      resolve([...batch.entries])
    }
  }

  /** Whoever cannot be placed hears it, and the others go on without. */
  #placeEach(waiting: readonly Waiting[]): (Waiting & { batch: Batch })[] {
    let { tip } = this.#parts.chain
    return waiting.flatMap((each) => {
      try {
        const entries = each.place(tip)
        tip = tipAfter(entries, tip)
        return [{ ...each, batch: { entries, tip } }]
      } catch (error) {
        each.reject(error)
        return []
      }
    })
  }

  async #compactNow(successor: Successor | undefined): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    const { chain, histories } = this.#parts
    const entries = successor?.entries ?? histories.entries()
    const { tip, reigns } = successor ?? chain
    await this.#segments.begin({ ...tip, ...(reigns.length > 0 && { reigns }) }, entries, () => {
      if (successor === undefined) return
      chain.goOnFrom({ tip, reigns })
      histories.replace(entries)
    })
  }
}
