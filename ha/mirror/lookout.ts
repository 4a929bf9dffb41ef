import type { Clock } from '../../lib/base/clock.ts'
import { fewAtOnce } from '../../lib/base/few-at-once.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Offer } from './offer.ts'
import type { FullScan, Scanner } from './disk/scanner.ts'

export interface LookoutParts {
  scanner: Scanner
  offer: Offer
  clock: Clock
  log: Log
  random?: () => number
  onLook: (scan: FullScan) => void
}

/** So much longer than a look takes is the pause after it: looking costs a twentieth of a core at most. */
const restFactor = 20
/** What is being written now may be whole in a moment. */
const busyPauseMs = 1_000
const dayMs = 86_400_000

/** Looks through the places of this node, one look at a time, and has the other node told. */
export class Lookout {
  readonly #everyMs: number
  readonly #parts: LookoutParts
  readonly #inTurn = fewAtOnce(1)
  #last: FullScan | undefined
  #tookMs = 0
  #isBusy = false
  #wake = () => {}

  constructor(everyMs: number, parts: LookoutParts) {
    this.#everyMs = everyMs
    this.#parts = parts
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
      this.#parts.scanner.forget()
      return this.#look(signal)
    })
  }

  /** Looks again and again, as long as nobody else does. */
  async keepLooking(isWanted: () => boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      if (isWanted()) await this.look(signal).catch((err: unknown) => this.#failed(err, signal))
      const until = AbortSignal.any([signal, woken.signal])
      await this.#parts.clock.sleep(this.pauseMs(), until).catch(() => {})
    }
  }

  /** Ends the pause between two of those looks. */
  wake(): void {
    this.#wake()
  }

  /** Once a day, not on both nodes at the same time: content that the disk has changed shows in no date. */
  async keepRehashing(signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#parts
    while (!signal.aborted) {
      await clock.sleep(dayMs * (0.75 + random() / 2), signal).catch(() => {})
      if (!signal.aborted) await this.rehash(signal).catch((err: unknown) => this.#failed(err, signal))
    }
  }

  /** How long to wait before the next look, when nothing happens. */
  pauseMs(): number {
    return Math.max(
      this.#isBusy ? Math.min(busyPauseMs, this.#everyMs) : this.#everyMs,
      this.#tookMs * restFactor,
    )
  }

  async #look(signal: AbortSignal): Promise<FullScan> {
    const { scanner, offer, clock, onLook } = this.#parts
    const startedAt = clock.now()
    const scan = await scanner.scan(signal)
    this.#tookMs = clock.now() - startedAt - scan.readMs
    this.#isBusy = [...scan.here.values()].some(({ is }) => is === 'busy')
    this.#last = scan
    offer.setScan(scan)
    onLook(scan)
    return scan
  }

  #failed(err: unknown, signal: AbortSignal): void {
    if (!signal.aborted) this.#parts.log.error({ err }, 'mirror look failed')
  }
}
