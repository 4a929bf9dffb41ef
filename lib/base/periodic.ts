import type { Clock } from './clock.ts'

/** Looks at once, and again so long after each look has ended: never two at a time. How long one may take is its own. */
export class Periodic {
  readonly #look: (signal: AbortSignal) => Promise<void> | void
  readonly #everyMs: number
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  #work: Promise<void> = Promise.resolve()

  /** @param look is given a signal that says that it is to stop */
  constructor(
    look: (signal: AbortSignal) => Promise<void> | void,
    { everyMs, clock }: { everyMs: number; clock: Clock },
  ) {
    this.#look = look
    this.#everyMs = everyMs
    this.#clock = clock
  }

  /** @param fail hears what a look throws; none follows it */
  start(fail: (reason: unknown) => void): void {
    this.#work = this.#keepLooking(this.#stopping.signal).catch(fail)
  }

  /** For good. Resolves once the look in progress has ended; so a look may ask for it, and must not wait for it. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#work
  }

  async #keepLooking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look(signal)
      await this.#clock.sleep(this.#everyMs, signal).catch(() => {})
    }
  }
}
