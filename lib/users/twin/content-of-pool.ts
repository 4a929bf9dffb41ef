import type { FileName } from '../../files/file-name.ts'
import type { FileRecord } from '../store/file-record.ts'
import type { Histories } from '../store/histories.ts'
import type { Placing, Pool } from './pool.ts'
import type { ContentAtHand } from './standing.ts'

/** The content of the pool, and how many want each. */
export class ContentOfPool implements ContentAtHand {
  readonly #pool: Pool
  readonly #seqs: Set<number>
  readonly #stood: Map<string, string>
  readonly #wanted = new Map<string, number>()

  constructor(pool: Pool, histories: Histories, { seqs, stood }: Placing) {
    this.#pool = pool
    this.#seqs = new Set(seqs)
    this.#stood = new Map(stood.map(({ name, hash }) => [name, hash]))
    for (const { record } of histories.entries())
      if (this.#seqs.has(record.seq)) this.#wanted.set(record.hash, (this.#wanted.get(record.hash) ?? 0) + 1)
  }

  /** What is not in the pool any more has been brought already. */
  async bring(seq: number, hash: string, target: string): Promise<void> {
    if (!this.#seqs.has(seq) || !this.#pool.has(hash)) return
    await (this.#wanted.get(hash) === 1 ? this.#pool.move(hash, target) : this.#pool.copy(hash, target))
  }

  isSpent(name: FileName, hash: string): boolean {
    return this.#stood.get(name) === hash
  }

  async take({ seq, hash }: FileRecord): Promise<string | undefined> {
    if (!this.#seqs.has(seq) || !this.#pool.has(hash)) return undefined
    if (this.#wanted.get(hash) === 1) return this.#pool.pathOf(hash)
    const path = `${this.#pool.pathOf(hash)}.standing`
    await this.#pool.copy(hash, path)
    return path
  }
}
