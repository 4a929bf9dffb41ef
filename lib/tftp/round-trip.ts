/** RFC 6298 speaks of a clock granularity G, below which variation cannot be told from noise; ours, in milliseconds. */
const granularityMs = 5
const longestMs = 2_000

/** How much one answer counts: upwards as the RFC has it. */
const gainUp = { smoothed: 1 / 8, variation: 1 / 4 }
/**
 * Downwards more: where an acknowledgement is lost, it is the phone's own patience that is measured, and unless that
 * is soon forgotten, we wait so long from then on that nothing else is ever measured.
 */
const gainDown = 1 / 2

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
      const error = Math.abs(ms - this.#smoothed)
      this.#variation += (error - this.#variation) * (error < this.#variation ? gainDown : gainUp.variation)
      this.#smoothed += (ms - this.#smoothed) * (ms < this.#smoothed ? gainDown : gainUp.smoothed)
    }
    this.#waitMs = Math.min(longestMs, this.#smoothed + Math.max(granularityMs, 4 * this.#variation))
  }

  /**
   * A packet was sent again although the first copy had arrived: wait twice as long, until an answer can be measured
   * again. What has been learned stays, for a lossy line may look like that, too.
   */
  wasTooShort(): void {
    this.#waitMs = Math.min(longestMs, this.#waitMs * 2)
  }

  /** The wait after a packet was sent `copies` times; it doubles with each. */
  waitMs(copies: number): number {
    return copies === 1 ? this.#waitMs : Math.min(longestMs, this.#waitMs * 2 ** (copies - 1))
  }
}
