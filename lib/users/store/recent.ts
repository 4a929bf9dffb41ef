import type { Entry } from './file-record.ts'
import type { Tip } from './journal-lines.ts'

/** Entries that happened together, and the end of the journal once they had. */
export interface Batch {
  entries: readonly Entry[]
  tip: Tip
}

interface Kept extends Batch {
  /** The change is complete on disk, so that others may have it. */
  settled: boolean
}

/** The last batches of the journal, for whoever has all that was before and wants to go on from there. */
export class Recent {
  readonly #most: number
  readonly #listeners = new Set<() => void>()
  /** What was before the first one. */
  #base: Tip
  #kept: Kept[] = []
  /** How many of them are settled, without a gap. */
  #settled = 0

  /** @param most batches kept; 0: none */
  constructor(most: number, base: Tip) {
    this.#most = most
    this.#base = base
  }

  /** The end of what is settled. */
  get settledTip(): Tip {
    return this.#kept[this.#settled - 1]?.tip ?? this.#base
  }

  /** Told whenever more is settled. @returns takes the listener back */
  onSettled(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Begins anew: everything up to `base` is what was before. */
  restart(base: Tip, batches: readonly Batch[] = []): void {
    this.#base = base
    this.#kept = []
    this.#settled = 0
    for (const batch of batches) this.add(batch, true)
  }

  add(batch: Batch, settled: boolean): void {
    if (this.#most === 0) {
      this.#base = batch.tip
      return
    }
    this.#kept.push({ ...batch, settled })
    this.#advance()
    this.#trim()
  }

  /** The batch that this number is of is complete. */
  settle(seq: number): void {
    const found = this.#kept[this.#indexOf(seq)]
    if (found === undefined || found.settled) return
    found.settled = true
    this.#advance()
  }

  /** The settled batches after that record, oldest first; undefined when it is not known, or not any more. */
  after({ seq, hash }: Tip, most = Infinity): Batch[] | undefined {
    const index = seq === this.#base.seq ? -1 : this.#indexOf(seq)
    const tip = index === -1 ? this.#base : this.#kept[index]?.tip
    if (tip?.seq !== seq || tip.hash !== hash) return undefined
    return this.#kept.slice(index + 1, Math.min(this.#settled, index + 1 + most))
  }

  /** The first batch that ends at or after that number. */
  #indexOf(seq: number): number {
    let [from, to] = [0, this.#kept.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#kept[middle]?.tip.seq ?? 0) < seq) from = middle + 1
      else to = middle
    }
    return from
  }

  #advance(): void {
    const before = this.#settled
    while (this.#kept[this.#settled]?.settled === true) this.#settled += 1
    if (this.#settled > before) for (const listener of this.#listeners) listener()
  }

  /** Half of it at a time, so that not every new one moves all the others. */
  #trim(): void {
    const surplus = Math.min(this.#kept.length - this.#most, this.#settled)
    if (surplus < this.#most) return
    this.#base = this.#kept[surplus - 1]?.tip ?? this.#base
    this.#kept = this.#kept.slice(surplus)
    this.#settled -= surplus
  }
}
