import type { Clock } from '../../lib/base/clock.ts'
import { Refusal } from '../../lib/files/refusal.ts'
import type { WriteGate } from '../../lib/users/store/write-gate.ts'

/** How this node may write for now. */
export interface Opened {
  /** By the monotonic clock: after that it may not, whatever happened to whoever should have said so. */
  untilMs: number
  /** What has begun may end, and nothing new begins. */
  draining: boolean
  replicate: (seq: number) => Promise<void>
}

/** Whether phones may save here. It closes by itself. */
export class Gate implements WriteGate {
  readonly #clock: Clock
  #opened: Opened | undefined
  #why = 'this node has not been told yet whether it is the active one'

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isOpen(): boolean {
    return this.#opened !== undefined && this.#clock.now() < this.#opened.untilMs
  }

  open(opened: Opened): void {
    this.#opened = opened
  }

  close(why: string): void {
    this.#opened = undefined
    this.#why = why
  }

  mayBegin(): void {
    if (this.#current().draining) throw new Refusal('notActive', 'the other node is about to take over')
  }

  mayWrite(): void {
    this.#current()
  }

  async replicate(seq: number): Promise<void> {
    await this.#current().replicate(seq)
  }

  #current(): Opened {
    const opened = this.#opened
    if (opened === undefined) throw new Refusal('notActive', this.#why)
    if (this.#clock.now() >= opened.untilMs)
      throw new Refusal('notActive', 'nothing confirms any more that this node is the active one')
    return opened
  }
}
