import type { Alarms } from '../../lib/base/alarms.ts'
import type { Clock } from '../../lib/base/clock.ts'
import type { Acknowledger } from './acknowledger.ts'

/** A standby that is away for a moment is none of a person's business. */
const awayMs = 10_000

const alone = 'user data on one node'
const away = 'other node'
const differs = 'user data of both nodes'

/** Tells a person when what phones save is not safe on both nodes. */
export class SyncAlarms {
  readonly #other: string
  readonly #mode: 'available' | 'strict'
  readonly #parts: { alarms: Alarms; clock: Clock }
  #cancel: (() => void) | undefined

  constructor(
    { other, mode }: { other: string; mode: 'available' | 'strict' },
    parts: { alarms: Alarms; clock: Clock },
  ) {
    this.#other = other
    this.#mode = mode
    this.#parts = parts
  }

  /** A save was acknowledged without the other node, or refused since it was not there. */
  alone(): void {
    const text =
      this.#mode === 'strict'
        ? `${this.#other} does not have what phones save, so nothing is stored; look at it, or set pair.durability`
        : `${this.#other} does not have what phones saved: it is on this node alone; look at ${this.#other}`
    this.#parts.alarms.raise(alone, text)
  }

  /** To be called whenever something may have changed. */
  watch({ isSynced, member }: Acknowledger['view']): void {
    if (member === 'closed') return this.#forget()
    if (isSynced) return this.quiet()
    this.#cancel ??= this.#parts.clock.after(awayMs, () => {
      this.#parts.alarms.raise(away, `${this.#other} does not follow this node; look at it`)
    })
  }

  /** Whether both nodes have the same is not this node's worry any more. */
  quiet(): void {
    this.#forget()
    for (const subject of [alone, away]) this.#parts.alarms.clear(subject)
  }

  equalAgain(): void {
    this.#parts.alarms.clear(differs)
  }

  stillDiffers(): void {
    this.#parts.alarms.raise(differs, 'they differ, and making them equal did not help; see the log')
  }

  #forget(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
