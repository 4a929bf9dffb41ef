import type { Clock } from '../../lib/base/clock.ts'
import type { Try } from './gaps.ts'
import type { Question } from './questions.ts'
import { whyFailed } from './timed.ts'

/** What is answered later is a failure. Longer than what counts as late, so that the two can be told apart. */
export const giveUpMs = 2_000

/**
 * Asks each door at its interval, whether or not what was asked before is answered: so it is the outage that is
 * measured, and not the time limit of a request.
 */
export class Prober {
  readonly #clock: Clock
  readonly #questions: readonly Question[]
  readonly #stopping = new AbortController()
  readonly #log: Try[] = []
  readonly #open = new Set<Promise<void>>()
  #asking: Promise<unknown> = Promise.resolve()

  constructor(questions: readonly Question[], { clock }: { clock: Clock }) {
    this.#questions = questions
    this.#clock = clock
  }

  /** What is known so far. */
  get log(): readonly Try[] {
    return this.#log
  }

  start(): void {
    this.#asking = Promise.all(this.#questions.map((question, at) => this.#keepAsking(question, at)))
  }

  /** Asks no more, and waits for what is on its way. @returns all that was asked */
  async stop(): Promise<readonly Try[]> {
    this.#stopping.abort()
    await this.#asking
    await Promise.all(this.#open)
    return this.#log
  }

  /** @param at the doors are not asked all at the same moment */
  async #keepAsking(question: Question, at: number): Promise<void> {
    const { signal } = this.#stopping
    const { everyMs } = question
    let nextMs = this.#clock.now() + (everyMs * at) / this.#questions.length
    while (!signal.aborted) {
      await this.#clock.sleep(Math.max(0, nextMs - this.#clock.now()), signal).catch(() => {})
      if (signal.aborted) return
      const asked = this.#askOnce(question).finally(() => this.#open.delete(asked))
      this.#open.add(asked)
      // Where we were late ourselves, nothing is made up for: the door would see a burst.
      nextMs = Math.max(nextMs + everyMs, this.#clock.now())
    }
  }

  async #askOnce(question: Question): Promise<void> {
    const { protocol } = question
    const startedMs = this.#clock.now()
    const add = (how: Pick<Try, 'outcome' | 'epoch' | 'why'>) =>
      void this.#log.push({ protocol, startedMs, endedMs: this.#clock.now(), ...how })
    try {
      const epoch = await question.ask(AbortSignal.timeout(giveUpMs))
      add({ outcome: 'answered', ...(epoch === undefined ? {} : { epoch }) })
    } catch (error) {
      add({ outcome: 'failed', why: whyFailed(error) })
    }
  }
}
