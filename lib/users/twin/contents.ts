import { readVersion } from '../store/content.ts'
import type { FileRecord } from '../store/file-record.ts'
import type { Stock } from '../store/stock.ts'

/** What tells one content from all others. */
export type Wanted = Pick<FileRecord, 'name' | 'seq' | 'hash'>

/** Replaced while it is being read, it lies elsewhere the next time. */
const tries = 4

/** Reads content by its record, without waiting for what is under way with its name. */
export class Contents {
  readonly #parts: Stock

  constructor(parts: Stock) {
    this.#parts = parts
  }

  /** @returns undefined for what is no longer kept, or cannot be read any more */
  async read({ name, seq, hash }: Wanted): Promise<Buffer | undefined> {
    await this.#settled(seq)
    let failure: unknown
    for (let count = 0; count < tries; count++) {
      const path = this.#pathOf({ name, seq, hash })
      if (path === undefined) return undefined
      try {
        return await readVersion(path, hash)
      } catch (error) {
        failure = error
      }
    }
    this.#parts.log.warn(
      { file: name, version: seq, err: failure },
      'user data for the other node unreadable',
    )
    return undefined
  }

  #pathOf({ name, seq, hash }: Wanted): string | undefined {
    const { folders, histories } = this.#parts
    const record = histories.of(name).find((each) => each.op === 'put' && each.seq === seq)
    if (record?.hash !== hash) return undefined
    const stands = histories.current(name)?.record.seq === seq
    return stands ? folders.pathOf(name) : folders.versionPath(seq)
  }

  /** Until a change is complete, its content lies nowhere for certain. */
  async #settled(seq: number): Promise<void> {
    const { recent, tip } = this.#parts.chain
    if (seq <= recent.settledTip.seq || seq > tip.seq) return
    const settled = Promise.withResolvers<void>()
    const forget = recent.onSettled(() => {
      if (seq <= recent.settledTip.seq) settled.resolve()
    })
    await settled.promise
    forget()
  }
}
