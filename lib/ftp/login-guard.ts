/**
 * What failed logins cost the address they come from: an answer that comes later each time, and after too many none
 * at all for a while. It does not know names, so that nothing it does tells which exist. Time comes in milliseconds
 * of any one clock.
 */
export interface GuardRules {
  /** The first failure is answered this late, each further one twice as late. */
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

/** A phone that does not answer SNMP tries again on its own: it must find the door open soon after it is mended. */
export const guardRules: GuardRules = {
  firstDelayMs: 250,
  longestDelayMs: 8_000,
  mostFailures: 20,
  banMs: 300_000,
  forgetMs: 30_000,
  mostAddresses: 10_000,
}

interface Record {
  failures: number
  /** Failures are counted as of then. */
  at: number
  bannedUntil: number
}

export type Verdict = { delayMs: number; bannedNow: boolean }

export class LoginGuard {
  readonly #rules: GuardRules
  /** Least recently failed first. */
  readonly #records = new Map<string, Record>()

  constructor(rules: GuardRules = guardRules) {
    this.#rules = rules
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#records.size
  }

  /** How long the address is still banned; 0: it is not. */
  bannedForMs(address: string, now: number): number {
    const record = this.#records.get(address)
    return record === undefined ? 0 : Math.max(0, record.bannedUntil - now)
  }

  /** A login failed: how late to say so, and whether the address is banned from now on. A success changes nothing. */
  failed(address: string, now: number): Verdict {
    const { firstDelayMs, longestDelayMs, mostFailures, banMs } = this.#rules
    const record = this.#recordOf(address, now)
    record.failures += 1
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (record.failures - 1))
    const bannedNow = record.failures >= mostFailures && record.bannedUntil <= now
    if (bannedNow) record.bannedUntil = now + banMs
    return { delayMs, bannedNow }
  }

  #recordOf(address: string, now: number): Record {
    const { forgetMs, mostAddresses } = this.#rules
    const known = this.#records.get(address)
    const record = { failures: 0, at: now, bannedUntil: 0 }
    if (known !== undefined) {
      const forgotten = Math.floor((now - known.at) / forgetMs)
      record.failures = Math.max(0, known.failures - forgotten)
      record.at = record.failures === 0 ? now : known.at + forgotten * forgetMs
      record.bannedUntil = known.bannedUntil
      this.#records.delete(address) // to be the most recent again
    } else if (this.#records.size >= mostAddresses) {
      for (const oldest of this.#records.keys()) {
        this.#records.delete(oldest)
        break
      }
    }
    this.#records.set(address, record)
    return record
  }
}
