import type { Session } from './session.ts'

/** The sessions of a door: counts them for each address, and ends them all when it stops. */
export class Sessions {
  readonly #mostPerAddress: number
  readonly #most: number
  readonly #open = new Set<Session>()
  readonly #perAddress = new Map<string, number>()
  readonly #empty = Promise.withResolvers<void>()
  #refused = 0
  #stopping = false

  constructor(limits: { connectionsPerAddress: number; maxConnections: number }) {
    this.#mostPerAddress = limits.connectionsPerAddress
    this.#most = limits.maxConnections
  }

  get size(): number {
    return this.#open.size
  }

  /** Why one more of that address cannot be let in; undefined: it can. */
  whyNot(address: string): 'stopping' | 'tooManyAtAll' | 'tooManyHere' | undefined {
    if (this.#stopping) return 'stopping'
    if (this.#open.size >= this.#most) return 'tooManyAtAll'
    return (this.#perAddress.get(address) ?? 0) >= this.#mostPerAddress ? 'tooManyHere' : undefined
  }

  add(session: Session, address: string): void {
    this.#open.add(session)
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
  }

  remove(session: Session, address: string): void {
    if (!this.#open.delete(session)) return
    const count = (this.#perAddress.get(address) ?? 1) - 1
    if (count === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, count)
    this.#tellIfEmpty()
  }

  /** A connection was turned away; they are counted, because a line in the log for each would be a weapon. */
  noteRefused(): void {
    this.#refused += 1
  }

  /** How many were turned away since this was last asked. */
  takeRefused(): number {
    const refused = this.#refused
    this.#refused = 0
    return refused
  }

  sweep(now: number): void {
    for (const session of this.#open) session.sweep(now)
  }

  /** Idle sessions end, the others when their transfer does. Resolves when the last has. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const session of this.#open) session.stop()
    this.#tellIfEmpty()
    await this.#empty.promise
  }

  cutAll(): void {
    for (const session of this.#open) session.cut()
  }

  #tellIfEmpty(): void {
    if (this.#stopping && this.#open.size === 0) this.#empty.resolve()
  }
}
