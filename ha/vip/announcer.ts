import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { announced, beginAnnouncing, contradict, type Plan } from './announcements.ts'
import { whyNot, type AskNeighbours } from './neighbours.ts'

export interface AnnouncerParts {
  ask: AskNeighbours
  clock: Clock
  log: Log
  /** From 0 to 1. */
  chance: () => number
}

/** Tells the neighbours where the floating addresses are, for as long as they are here. */
export class Announcer {
  readonly #parts: AnnouncerParts
  #plan: Plan | undefined
  #cancel: () => void = () => {}
  /** Ends what is being sent. */
  #here = new AbortController()
  #failing = false

  constructor(parts: AnnouncerParts) {
    this.#parts = parts
  }

  /** The addresses have come, or have come again. */
  begin(): void {
    this.end()
    this.#here = new AbortController()
    this.#follow(beginAnnouncing(this.#parts.clock.now()))
  }

  /** Somebody else has claimed one. */
  contradict(): void {
    if (this.#plan !== undefined) this.#follow(contradict(this.#plan, this.#parts.clock.now()))
  }

  /** They are gone. */
  end(): void {
    this.#cancel()
    this.#here.abort()
    this.#plan = undefined
  }

  #follow(plan: Plan): void {
    const { clock } = this.#parts
    this.#plan = plan
    this.#cancel()
    const waitMs = (plan[0] ?? Infinity) - clock.now()
    if (waitMs <= 0) this.#announce(plan)
    else this.#cancel = clock.after(waitMs, () => this.#announce(plan))
  }

  #announce(plan: Plan): void {
    const { clock, chance } = this.#parts
    void this.#send(this.#here.signal)
    this.#follow(announced(plan, clock.now(), chance()))
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { ask, log } = this.#parts
    const why = whyNot(await ask('announce', signal))
    if (signal.aborted || (why !== undefined) === this.#failing) return
    this.#failing = why !== undefined
    if (why === undefined) log.info({}, 'floating address announced again')
    else log.warn({ why }, 'floating address not announced')
  }
}
