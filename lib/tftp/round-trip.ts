/** Below this a variation cannot be told from noise: the clock granularity G of RFC 6298, in milliseconds. */
const granularityMs = 5
const longestMs = 2_000

/**
 * How long to wait for an answer, learned from how long answers took (RFC 6298). Its lower bound of a second is
 * left out on purpose: TFTP sends one window at a time, so a lost packet would stop everything for that long.
 */
export class RoundTrip {
  #smoothed: number | undefined
  #variation = 0
  #waitMs: number

  /** @param firstMs the wait while nothing has been measured */
  constructor(firstMs: number) {
    this.#waitMs = firstMs
  }

  /** An answer took this long. */
  took(ms: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = ms
      this.#variation = ms / 2
    } else {
      this.#variation += (Math.abs(ms - this.#smoothed) - this.#variation) / 4
      this.#smoothed += (ms - this.#smoothed) / 8
    }
    this.#waitMs = Math.min(longestMs, this.#smoothed + Math.max(granularityMs, 4 * this.#variation))
  }

  /**
   * A packet was sent again, it seems, although the first copy had arrived: wait twice as long, until an answer can
   * be measured again. What has been learned stays, for a lossy line may look like that, too.
   */
  wasTooShort(): void {
    this.#waitMs = Math.min(longestMs, this.#waitMs * 2)
  }

  /** The wait after a packet was sent `copies` times; it doubles with each. */
  waitMs(copies: number): number {
    return copies === 1 ? this.#waitMs : Math.min(longestMs, this.#waitMs * 2 ** (copies - 1))
  }
}
