/** How much may be sent when, so that it is so many bytes a second on average. Times are of any one clock. */
export class TokenBucket {
  readonly #bytesPerMs: number
  readonly #burst: number
  #tokens: number
  #at: number

  /** @param bytesPerSecond Infinity: all there is */
  constructor(bytesPerSecond: number, now: number) {
    this.#bytesPerMs = bytesPerSecond / 1_000
    this.#burst = bytesPerSecond * burstSeconds
    this.#tokens = this.#burst
    this.#at = now
  }

  /** How much to send at a time: a tenth of a second's worth, so that nobody waits long and others get a turn. */
  get pieceBytes(): number {
    return Math.max(leastPiece, Math.min(mostPiece, Math.floor(this.#burst)))
  }

  /** Takes these bytes. @returns how long to wait before they are sent, in ms */
  take(bytes: number, now: number): number {
    if (this.#bytesPerMs === Infinity) return 0
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#bytesPerMs)
    this.#at = now
    this.#tokens -= bytes
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#bytesPerMs
  }
}

const burstSeconds = 0.1
const leastPiece = 1_024
const mostPiece = 131_072

/** Settings count megabits; 0 is no limit. */
export const bytesPerSecond = (mbitPerSecond: number): number =>
  mbitPerSecond === 0 ? Infinity : (mbitPerSecond * 1_000_000) / 8
