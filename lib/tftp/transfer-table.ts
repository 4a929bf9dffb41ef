import type { Session } from './session.ts'

export interface TransferLimits {
  maxTransfers: number
  transfersPerAddress: number
}

/** How long an unanswered transfer is safe from being given up for another one: longer than any round trip at home. */
const unansweredMs = 250

/** Transfers remembered after their end: their phones may still be heard. */
const mostEnded = 1_000

/** The transfers under way, and whether there is room for one more. */
export class TransferTable {
  readonly #limits: TransferLimits
  readonly #sessions = new Map<string, Session>()
  readonly #perAddress = new Map<string, number>()
  /** Those whose phone has not answered yet, oldest first: it may not exist. */
  readonly #unanswered = new Set<Session>()
  /** Keys of transfers that ended lately, oldest first. */
  readonly #ended = new Set<string>()

  constructor(limits: TransferLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#sessions.size
  }

  all(): readonly Session[] {
    return [...this.#sessions.values()]
  }

  find(key: string): Session | undefined {
    return this.#sessions.get(key)
  }

  /** A transfer of that key has ended lately: what comes is a late copy, and needs no answer. */
  hasEnded(key: string): boolean {
    return this.#ended.has(key)
  }

  /**
   * Whether `address` may begin a transfer at `now`. When all places are taken, one whose phone never answered gives
   * way: requests with forged addresses must not keep real phones out.
   */
  hasRoom(address: string, now: number): boolean {
    if ((this.#perAddress.get(address) ?? 0) >= this.#limits.transfersPerAddress) return false
    if (this.#sessions.size < this.#limits.maxTransfers) return true
    const [oldest] = this.#unanswered
    if (oldest === undefined || now - oldest.startedAt < unansweredMs) return false
    oldest.cancel('gave way')
    return true
  }

  add(session: Session): void {
    const { key, address } = session.start
    this.#sessions.set(key, session)
    this.#unanswered.add(session)
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
  }

  answered(session: Session): void {
    this.#unanswered.delete(session)
  }

  remove(session: Session): void {
    const { key, address } = session.start
    if (!this.#sessions.delete(key)) return
    this.#unanswered.delete(session)
    this.#remember(key)
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left > 0) this.#perAddress.set(address, left)
    else this.#perAddress.delete(address)
  }

  #remember(key: string): void {
    this.#ended.delete(key)
    this.#ended.add(key)
    const [oldest] = this.#ended
    if (this.#ended.size > mostEnded && oldest !== undefined) this.#ended.delete(oldest)
  }
}
