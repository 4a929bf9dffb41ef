import type { Clock } from '../../lib/base/clock.ts'
import { fewAtOnce } from '../../lib/base/few-at-once.ts'
import type { Offer } from './offer.ts'
import type { FullScan, Scanner } from './disk/scanner.ts'

/** So much longer than a look takes is the pause after it: looking costs a twentieth of a core at most. */
const restFactor = 20
/** What is being written now may be whole in a moment. */
const busyPauseMs = 1_000

/** Looks through the places of this node, one look at a time, and has the other node told. */
export class Lookout {
  readonly #scanner: Scanner
  readonly #offer: Offer
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #onLook: (scan: FullScan) => void
  readonly #inTurn = fewAtOnce(1)
  #last: FullScan | undefined
  #tookMs = 0
  #isBusy = false

  constructor(
    everyMs: number,
    parts: { scanner: Scanner; offer: Offer; clock: Clock; onLook: (scan: FullScan) => void },
  ) {
    this.#everyMs = everyMs
    this.#scanner = parts.scanner
    this.#offer = parts.offer
    this.#clock = parts.clock
    this.#onLook = parts.onLook
  }

  get last(): FullScan | undefined {
    return this.#last
  }

  look(signal: AbortSignal): Promise<FullScan> {
    return this.#inTurn(() => this.#look(signal))
  }

  /** Reads every file anew. */
  rehash(signal: AbortSignal): Promise<FullScan> {
    return this.#inTurn(() => {
      this.#scanner.forget()
      return this.#look(signal)
    })
  }

  /** How long to wait before the next look, when nothing happens. */
  pauseMs(): number {
    return Math.max(
      this.#isBusy ? Math.min(busyPauseMs, this.#everyMs) : this.#everyMs,
      this.#tookMs * restFactor,
    )
  }

  async #look(signal: AbortSignal): Promise<FullScan> {
    const startedAt = this.#clock.now()
    const scan = await this.#scanner.scan(signal)
    this.#tookMs = this.#clock.now() - startedAt - scan.readMs
    this.#isBusy = [...scan.here.values()].some(({ is }) => is === 'busy')
    this.#last = scan
    this.#offer.setScan(scan)
    this.#onLook(scan)
    return scan
  }
}
