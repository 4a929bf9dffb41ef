import { Blind, type Attempt } from './attempt.ts'

/** Two ports serve the same files: probes that change the same file do so one after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  /**
   * Runs `work` once it is our turn with `path`.
   * @throws Blind when that does not come in the time of the attempt
   */
  async take<T>(path: string, attempt: Attempt, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(path) ?? Promise.resolve()
    const ours = Promise.withResolvers<void>()
    // Whoever comes next waits for all before it, even when we give up waiting.
    const last = before.then(() => ours.promise)
    this.#last.set(path, last)
    try {
      await attempt.wait(() => this.#until(before, path, attempt.signal))
      return await work()
    } finally {
      ours.resolve()
      if (this.#last.get(path) === last) this.#last.delete(path)
    }
  }

  async #until(before: Promise<void>, path: string, signal: AbortSignal): Promise<void> {
    const given = Promise.withResolvers<never>()
    const giveUp = () => given.reject(new Blind(`another probe was still busy with ${path}`))
    signal.addEventListener('abort', giveUp)
    try {
      await Promise.race([before, given.promise])
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }
}
