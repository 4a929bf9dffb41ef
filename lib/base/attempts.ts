/**
 * What failed attempts to prove oneself cost the address they come from: the answer comes later each time, and after
 * too many nothing is looked at for a while. It knows no names, so that nothing it does tells which exist. Time comes
 * in milliseconds of any one clock.
 */
export interface AttemptRules {
  /** So many failures cost nothing: people mistype. */
  free: number
  /** The first failure after those is answered this late, each further one twice as late. */
  firstDelayMs: number
  longestDelayMs: number
  /** So many failures, and the address is banned. */
  mostFailures: number
  banMs: number
  /** One failure is forgotten after each such time. */
  forgetMs: number
  /** Addresses remembered; beyond it, the one that has failed least recently is forgotten. */
  mostAddresses: number
}

interface Standing {
  failures: number
  /** Failures are counted as of then. */
  at: number
  bannedUntil: number
}

export class Attempts {
  readonly #rules: AttemptRules
  /** Least recently failed first. */
  readonly #standings = new Map<string, Standing>()

  constructor(rules: AttemptRules) {
    this.#rules = rules
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#standings.size
  }

  isBanned(address: string, now: number): boolean {
    return this.bannedForMs(address, now) > 0
  }

  /** How long the address is still banned; 0: it is not. */
  bannedForMs(address: string, now: number): number {
    return Math.max(0, (this.#standings.get(address)?.bannedUntil ?? -Infinity) - now)
  }

  /** How late to say no, and whether the address is banned from now on. A success changes nothing. */
  failed(address: string, now: number): { delayMs: number; bannedNow: boolean } {
    const { free, firstDelayMs, longestDelayMs, mostFailures, banMs, mostAddresses } = this.#rules
    const before = this.#standingOf(address, now)
    const failures = before.failures + 1
    const bannedNow = failures >= mostFailures && before.bannedUntil <= now
    const bannedUntil = bannedNow ? now + banMs : before.bannedUntil
    this.#standings.delete(address) // to be the most recent again
    this.#standings.set(address, { failures, at: before.at, bannedUntil })
    const [oldest] = this.#standings.keys()
    if (this.#standings.size > mostAddresses && oldest !== undefined) this.#standings.delete(oldest)
    const costly = failures - free
    const delayMs = costly <= 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (costly - 1))
    return { delayMs, bannedNow }
  }

  #standingOf(address: string, now: number): Standing {
    const known = this.#standings.get(address)
    if (known === undefined) return { failures: 0, at: now, bannedUntil: -Infinity }
    const { forgetMs } = this.#rules
    const forgotten = Math.floor((now - known.at) / forgetMs)
    if (forgotten >= known.failures) return { ...known, failures: 0, at: now }
    return { ...known, failures: known.failures - forgotten, at: known.at + forgotten * forgetMs }
  }
}
