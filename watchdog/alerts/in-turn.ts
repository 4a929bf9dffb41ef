import type { Clock } from '../../lib/base/clock.ts'

/** Work on a disk, one piece after the other. What fails is told of once, until something succeeds, and left behind. */
export class InTurn {
  readonly #onFailed: (error: unknown) => void
  #isFailing = false
  #done: Promise<void> = Promise.resolve()

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed
  }

  /** Resolves when all that was added so far has been done, or has failed. */
  get done(): Promise<void> {
    return this.#done
  }

  /** The same, or when that takes too long: a disk may hang for good. */
  async doneWithin(ms: number, clock: Clock): Promise<void> {
    const late = Promise.withResolvers<void>()
    const cancel = clock.after(ms, late.resolve)
    await Promise.race([this.#done, late.promise])
    cancel()
  }

  add(work: () => Promise<void>): void {
    this.#done = this.#doAfter(this.#done, work)
  }

  failed(error: unknown): void {
    if (!this.#isFailing) this.#onFailed(error)
    this.#isFailing = true
  }

  async #doAfter(before: Promise<void>, work: () => Promise<void>): Promise<void> {
    await before
    try {
      await work()
      this.#isFailing = false
    } catch (error) {
      this.failed(error)
    }
  }
}
