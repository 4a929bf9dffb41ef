import type { Clock } from '../../base/clock.ts'
import type { Component } from '../../base/component.ts'
import type { Config } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import type { Archive } from './archive.ts'
import { endOf, monthBefore, monthOf } from './month.ts'

const lookEveryMs = 3_600_000
/** So that the clock has surely passed the end of the month. */
const justAfterMs = 1_000

/** Looks once an hour, and when a month ends, whether the month before is still to be archived, and does it. */
export class Archivist implements Component {
  readonly name = 'archive'
  readonly #settings: Config['archive']
  readonly #archive: Archive
  readonly #clock: Clock
  readonly #log: Log
  readonly #stopping = new AbortController()
  #work: Promise<void> = Promise.resolve()

  constructor(
    settings: Config['archive'],
    { archive, clock, log }: { archive: Archive; clock: Clock; log: Log },
  ) {
    this.#settings = settings
    this.#archive = archive
    this.#clock = clock
    this.#log = log
  }

  async start(): Promise<void> {
    if (this.#settings.enabled) this.#work = this.#keepLooking(this.#stopping.signal)
  }

  /** Ends after the file at hand: the next start goes on from there. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#work
  }

  async #keepLooking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look(signal)
      await this.#clock.sleep(this.#untilNextLookMs(), signal).catch(() => {})
    }
  }

  /** At once when the month ends: a phone that stores often could push out what stood then. */
  #untilNextLookMs(): number {
    const now = this.#clock.wallTime()
    const endsInMs = endOf(monthOf(now)).getTime() - now.getTime()
    return Math.min(lookEveryMs, endsInMs + justAfterMs)
  }

  async #look(signal: AbortSignal): Promise<void> {
    const month = monthBefore(monthOf(this.#clock.wallTime()))
    try {
      await this.#archive.run(month, { signal })
      await this.#archive.expire(this.#settings.months)
    } catch (err) {
      if (!signal.aborted) this.#log.error({ month, err }, 'archive failed')
    }
  }
}
