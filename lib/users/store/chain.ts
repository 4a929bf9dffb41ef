import { hash } from 'node:crypto'
import { Refusal } from '../../files/refusal.ts'
import type { Draft, Entry } from './file-record.ts'
import { beginning, hashOf, reignsWith, type Tip } from './journal-lines.ts'
import { Recent, type Batch } from './recent.ts'
import { withReign, type Reign } from './reigns.ts'

/** The end of a chain, and where the part of it begins that is at hand. */
export interface ChainEnd {
  tip: Tip
  reigns: readonly Reign[]
  base?: Tip
  batches?: readonly Batch[]
}

/**
 * What is known of the records: the last one, who wrote from which one on, and what came a moment ago. Each has a
 * number of its own and the hash of the one before, so that what is missing or changed shows.
 */
export class Chain {
  readonly recent: Recent
  #tip: Tip = beginning
  #reigns: readonly Reign[] = []
  /** What comes next happens here; otherwise it is a copy of what happened elsewhere. */
  #originates = true
  #epoch: number | undefined

  /** @param recentBatches held in memory for another store that goes on from there; 0: none */
  constructor(recentBatches: number) {
    this.recent = new Recent(recentBatches, beginning)
  }

  get tip(): Tip {
    return this.#tip
  }

  get reigns(): readonly Reign[] {
    return this.#reigns
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

  /** Goes on from what a journal says. */
  goOnFrom({ tip, reigns, base = tip, batches = [] }: ChainEnd): void {
    this.#tip = tip
    this.#reigns = reigns
    this.recent.restart(base, batches)
  }

  /** The next record gets a number above this one. */
  reserve(seq: number): void {
    if (seq > this.#tip.seq) this.#tip = { ...this.#tip, seq }
    this.recent.restart(this.#tip)
  }

  /** What was here is not all that it was: no other chain shall take this one for the same. */
  disown(): void {
    this.#tip = { ...this.#tip, hash: hash('sha256', `damaged after ${this.#tip.hash}`) }
    this.recent.restart(this.#tip)
  }

  /** What happens here, after the record at `tip`. @throws Refusal when nothing does */
  place(drafts: readonly Draft[], tip: Tip, at: string): Entry[] {
    if (!this.#originates)
      throw new Refusal('notActive', 'user data is only copied here, from the active node')
    const reign = this.#epoch === undefined ? {} : { epoch: this.#epoch }
    const entries: Entry[] = []
    for (const { record, look } of drafts) {
      const { seq, hash: previous } = tipAfter(entries, tip)
      const placed: Entry['record'] = { seq: seq + 1, at, ...reign, ...record, previous }
      entries.push({ record: placed, ...(look === undefined ? {} : { look }) })
    }
    return entries
  }

  /** What happened elsewhere. @throws Error when it does not follow the record at `tip`, or things happen here */
  check(entries: readonly Entry[], tip: Tip): readonly Entry[] {
    if (this.#originates) throw new Error('this node is active, and copies nothing')
    let end = tip
    for (const entry of entries) {
      const { seq, previous } = entry.record
      if (seq !== end.seq + 1 || previous !== end.hash)
        throw new Error(`record ${seq} does not follow record ${end.seq}, the last one here`)
      end = tipAfter([entry], end)
    }
    return entries
  }

  /** These are durable. @param isSettled nothing of them is still to be put in place */
  add(batch: Batch, isSettled: boolean): void {
    for (const { record } of batch.entries) this.#reigns = reignsWith(this.#reigns, record)
    this.#tip = batch.tip
    this.recent.add(batch, isSettled)
  }
}

export const tipAfter = (entries: readonly Entry[], tip: Tip): Tip => {
  const last = entries.at(-1)?.record
  return last === undefined ? tip : { seq: last.seq, hash: hashOf(last) }
}
