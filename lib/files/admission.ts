/**
 * Session control: how many distinct phone addresses are served at once. A phone needs several files to boot, so an
 * admitted address keeps its slot for a time and can finish; until the maximum is reached everybody is admitted.
 */
export interface AdmissionLimits {
  /** 0: unlimited. */
  maxClients: number
  /** How long a slot stays reserved after the last request. 0: for good. */
  sessionMs: number
}

export interface Client {
  address: string
  /** Monotonic milliseconds, as given to `admit`. */
  admittedAt: number
  lastAt: number
  requests: number
}

/** Clients remembered when nothing limits them; they are only shown. */
const longestList = 50_000

export class Admission {
  /** Least recently seen first, so that the first is always the next whose time is over. */
  readonly #clients = new Map<string, Client>()
  readonly #limits: AdmissionLimits

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
  }

  /** @returns false when all slots are taken by others. */
  admit(address: string, now: number): boolean {
    this.#expire(now)
    const known = this.#clients.get(address)
    const { maxClients } = this.#limits
    if (known === undefined && maxClients > 0 && this.#clients.size >= maxClients) return false
    this.#clients.delete(address)
    this.#clients.set(address, {
      address,
      admittedAt: known?.admittedAt ?? now,
      lastAt: now,
      requests: (known?.requests ?? 0) + 1,
    })
    if (maxClients === 0 && this.#clients.size > longestList) this.#dropOldest()
    return true
  }

  /** Who holds a slot now. */
  clients(now: number): Client[] {
    this.#expire(now)
    return [...this.#clients.values()]
  }

  /** Takes the slot away. @returns whether the address held one */
  evict(address: string): boolean {
    return this.#clients.delete(address)
  }

  #expire(now: number): void {
    const { sessionMs } = this.#limits
    if (sessionMs === 0) return
    for (const { address, lastAt } of this.#clients.values()) {
      if (now - lastAt < sessionMs) return
      this.#clients.delete(address)
    }
  }

  #dropOldest(): void {
    const [oldest] = this.#clients.keys()
    if (oldest !== undefined) this.#clients.delete(oldest)
  }
}
