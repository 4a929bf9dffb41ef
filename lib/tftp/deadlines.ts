import type { Clock } from '../base/clock.ts'

/** Something that wants to be woken at its deadline, which it may move at any time. */
export interface Sleeper {
  /** Milliseconds on the clock; Infinity: not at all. */
  readonly deadline: number
  wake(now: number): void
}

/** Deadlines this near to each other are served together. */
const togetherMs = 2
/** A timer this late means that the process was busy. */
const lateMs = 4

/**
 * One timer for all transfers. Each packet moves a deadline, so that must cost nothing: deadlines are only looked at
 * when the timer fires, which is at the earliest one there was when it was set.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #sleepers = new Set<Sleeper>()
  #wakesAt = Infinity
  #cancel: () => void = () => {}
  #wasLate = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(sleeper: Sleeper): void {
    this.#sleepers.add(sleeper)
    this.moved(sleeper.deadline)
  }

  remove(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper)
    if (this.#sleepers.size === 0) this.#rest()
  }

  /** A sleeper's deadline is now `deadline`: nothing to do, unless it is nearer than all others were. */
  moved(deadline: number): void {
    if (deadline < this.#wakesAt) this.#arm(deadline)
  }

  #arm(deadline: number): void {
    const now = this.#clock.now()
    this.#cancel()
    this.#wakesAt = Math.max(deadline, now + togetherMs)
    this.#cancel = this.#clock.after(Math.ceil(this.#wakesAt - now), () => this.#fire())
  }

  #rest(): void {
    this.#cancel()
    this.#wakesAt = Infinity
  }

  #fire(): void {
    const now = this.#clock.now()
    // The loop runs timers before it reads sockets: after a delay of our own, first hear what has arrived meanwhile.
    const isLate = now - this.#wakesAt > lateMs && !this.#wasLate
    this.#wasLate = isLate
    this.#wakesAt = -Infinity // nothing that moves now needs a timer of its own
    let nearest = Infinity
    for (const sleeper of this.#sleepers) {
      if (!isLate && sleeper.deadline <= now) sleeper.wake(now)
      nearest = Math.min(nearest, sleeper.deadline)
    }
    this.#rest()
    if (this.#sleepers.size > 0) this.moved(nearest)
  }
}
