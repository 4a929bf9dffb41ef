/** Addresses remembered; the one unheard of for longest makes room, which costs at most its bucket filled anew. */
const mostAddresses = 10_000
const sayEveryMs = 10_000

interface Bucket {
  tokens: number
  filledAt: number
  /** Requests dropped since it was last said. */
  dropped: number
  saidAt: number
}

export interface Verdict {
  answer: boolean
  /** Worth a line in the log, for this many dropped requests; at most once per address and ten seconds. */
  say?: number
}

/** How many requests of one address are answered: a token bucket for each, in bounded memory. */
export class RequestRate {
  readonly #perSecond: number
  readonly #buckets = new Map<string, Bucket>()
  /** Requests dropped in all. */
  dropped = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** A request of `address` came at `now`, in milliseconds of a monotonic clock. */
  take(address: string, now: number): Verdict {
    const bucket = this.#bucketOf(address, now)
    bucket.tokens = Math.min(
      this.#perSecond,
      bucket.tokens + ((now - bucket.filledAt) * this.#perSecond) / 1_000,
    )
    bucket.filledAt = now
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return { answer: true }
    }
    this.dropped += 1
    bucket.dropped += 1
    if (now - bucket.saidAt < sayEveryMs) return { answer: false }
    const say = bucket.dropped
    bucket.dropped = 0
    bucket.saidAt = now
    return { answer: false, say }
  }

  #bucketOf(address: string, now: number): Bucket {
    const bucket = this.#buckets.get(address) ?? {
      tokens: this.#perSecond,
      filledAt: now,
      dropped: 0,
      saidAt: -Infinity,
    }
    // A Map keeps the order of insertion: who asked last stands last.
    this.#buckets.delete(address)
    this.#buckets.set(address, bucket)
    if (this.#buckets.size > mostAddresses) this.#forgetOldest()
    return bucket
  }

  #forgetOldest(): void {
    for (const address of this.#buckets.keys()) {
      this.#buckets.delete(address)
      return
    }
  }
}
