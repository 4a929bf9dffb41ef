import type { Clock } from '../../lib/base/clock.ts'
import type { Acknowledger } from './acknowledger.ts'
import type { Gate } from './gate.ts'
import type { FollowerEvents } from './sending.ts'
import type { ToldRole } from './role.ts'

/** After it denied that this node is active, the agent must say the opposite for so long. */
const doubtMs = 1_000

/** The time in which this node is active, under one epoch. */
export class Reign {
  readonly epoch: number
  readonly #acknowledger: Acknowledger
  readonly #gate: Gate
  readonly #clock: Clock
  #deniedAt: number | undefined

  constructor(
    epoch: number,
    { acknowledger, gate, clock }: { acknowledger: Acknowledger; gate: Gate; clock: Clock },
  ) {
    this.epoch = epoch
    this.#acknowledger = acknowledger
    this.#gate = gate
    this.#clock = clock
  }

  get view(): Acknowledger['view'] {
    return this.#acknowledger.view
  }

  /** What the standby does. */
  events(onCompared: (isEqual: boolean) => void): FollowerEvents {
    const acknowledger = this.#acknowledger
    return {
      onFollows: (tip) => acknowledger.follows(tip),
      onSeeding: () => acknowledger.mustBeSeeded(),
      onStored: (seq) => acknowledger.stored(seq),
      onClosed: () => acknowledger.lost(),
      onCompared,
    }
  }

  /** The agent has said once more that this node is active. @returns false when that has to begin anew */
  renew({ untilMs, draining }: ToldRole & { role: 'active' }): boolean {
    if (this.#acknowledger.view.member === 'closed') return this.#isDenied()
    const replicate = (seq: number) => this.#acknowledger.replicate(seq)
    this.#gate.open({ untilMs, draining, replicate })
    return true
  }

  /** At once, whatever else is going on: nothing is acknowledged from here on. */
  end(why: string): void {
    this.#gate.close(why)
    this.#acknowledger.close()
  }

  #isDenied(): boolean {
    const now = this.#clock.now()
    this.#deniedAt ??= now
    this.#gate.close('the agent has denied that this node is the active one')
    return now - this.#deniedAt < doubtMs
  }
}
