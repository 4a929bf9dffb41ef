/** Puts changes of one name in order; different names do not wait for each other. */
export class NameLocks {
  /** The last change of each name that is under way or waiting. */
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Runs `task` once earlier changes of these names are over. */
  async run<T>(names: readonly string[], task: () => Promise<T>): Promise<T> {
    const earlier = names.map((name) => this.settled(name))
    const done = Promise.withResolvers<void>()
    for (const name of names) this.#tails.set(name, done.promise)
    try {
      await Promise.all(earlier)
      return await task()
    } finally {
      for (const name of names) if (this.#tails.get(name) === done.promise) this.#tails.delete(name)
      done.resolve()
    }
  }

  /** Resolves when the changes of that name that were asked for by now are over, well or not. */
  async settled(name: string): Promise<void> {
    await this.#tails.get(name)
  }

  async allSettled(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values())
  }
}
