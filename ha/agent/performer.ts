import type { Log } from '../../lib/base/log.ts'
import type { Effect } from '../role/state.ts'

export type Perform = (effect: Effect) => Promise<void> | void

/**
 * Performs effects in their order, each ended before the next begins; what asks nothing of its neighbours, such as a
 * datagram, does not wait for the slow ones before it.
 */
export class Performer {
  readonly #perform: Perform
  readonly #log: Log
  #queue: Effect[] = []
  #busy: Promise<void> | undefined

  constructor(perform: Perform, log: Log) {
    this.#perform = perform
    this.#log = log
  }

  add(effects: readonly Effect[]): void {
    for (const effect of effects)
      if (waitsForNone.includes(effect.do)) void this.#run(effect)
      else this.#queue.push(effect)
    this.#busy ??= this.#work().finally(() => (this.#busy = undefined))
  }

  async idle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy
  }

  async #work(): Promise<void> {
    for (let effect = this.#queue.shift(); effect !== undefined; effect = this.#queue.shift())
      await this.#run(effect)
  }

  async #run(effect: Effect): Promise<void> {
    try {
      await this.#perform(effect)
    } catch (err) {
      this.#log.error({ err, effect: effect.do }, 'pair: effect failed')
    }
  }
}

const waitsForNone: readonly Effect['do'][] = ['send', 'look', 'say']
