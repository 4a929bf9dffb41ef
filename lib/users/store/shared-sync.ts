/**
 * A slow action that serves all who asked before it began, such as making a folder durable: twenty who ask at once
 * wait for two runs at most, not for twenty.
 */
export class SharedSync {
  readonly #action: () => Promise<void>
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(action: () => Promise<void>) {
    this.#action = action
  }

  get idle(): boolean {
    return this.#running === undefined && this.#next === undefined
  }

  /** Resolves after a run that began after this call. */
  run(): Promise<void> {
    this.#next ??= this.#afterCurrent()
    return this.#next
  }

  async #afterCurrent(): Promise<void> {
    // Its failure is told to those who waited for it.
    await this.#running?.catch(() => {})
    this.#running = this.#next
    this.#next = undefined
    try {
      await this.#action()
    } finally {
      this.#running = undefined
    }
  }
}
