import type { Clock } from '../../lib/base/clock.ts'
import { CommandError } from '../../lib/base/command.ts'
import type { DrilledSaves, Measured } from '../agent/views.ts'
import { epochsIn, epochsOverlap, summarize, type Try } from './gaps.ts'
import type { Meter } from './play.ts'
import { Prober } from './prober.ts'
import { findQuestions, type Questions } from './questions.ts'
import type { Targets } from './targets.ts'

/** A change of the active node, seen from this host. */
export class Measurement implements Meter {
  /** So that it is seen how it was before. */
  readonly leadMs = 1_000
  readonly #found: Questions
  readonly #prober: Prober
  readonly #host: string
  #finished: Promise<Measured> | undefined

  /** @param host name of this one */
  private constructor(found: Questions, { host, clock }: { host: string; clock: Clock }) {
    this.#found = found
    this.#host = host
    this.#prober = new Prober(found.questions, { clock })
  }

  /** @throws CommandError where nothing behind the address answers */
  static async prepare(targets: Targets, context: { host: string; clock: Clock }): Promise<Measurement> {
    const found = await findQuestions(targets, context)
    if (found.questions.length === 0)
      throw new CommandError(
        `nothing answers at ${targets.vip}, so there is nothing to measure: ${found.notes.join('; ') || 'no door is enabled'}`,
      )
    return new Measurement(found, context)
  }

  /** What will be measured. */
  get protocols(): string[] {
    return this.#found.questions.map(({ protocol }) => protocol)
  }

  get notes(): readonly string[] {
    return this.#found.notes
  }

  start(): void {
    this.#prober.start()
  }

  /** Ends the asking; then what was saved is looked for on both nodes, and taken away. Once, however often it is called. */
  finish(): Promise<Measured> {
    this.#finished ??= this.#finish()
    return this.#finished
  }

  async #finish(): Promise<Measured> {
    const log = await this.#prober.stop()
    const { questions, saves, notes } = this.#found
    const settled = (await saves?.settle()) ?? nothingSaved
    return {
      measuredFrom: this.#host,
      protocols: questions.map(({ protocol, what }) => summarize(protocol, what, log)),
      saves: settled,
      epochsOverlap: epochsOverlap(log),
      notes: [...notes, ...remarks(log, settled)],
    }
  }
}

export const nothingSaved: DrilledSaves = {
  tried: 0,
  acknowledged: 0,
  missing: [],
  unchecked: [],
  left: 0,
}

function* remarks(log: readonly Try[], saves: DrilledSaves): Iterable<string> {
  const epochs = epochsIn(log)
  if (epochs.length > 0)
    yield `answers came from ${epochs.length === 1 ? 'epoch' : 'epochs'} ${epochs.join(', ')}`
  const why = commonestFailure(log)
  if (why !== undefined) yield `the commonest failure: ${why}`
  for (const node of saves.unchecked) yield `${node} could not be asked whether it has what was saved`
  if (saves.left > 0) yield `${saves.left} files of the drill could not be removed; they are called drill...`
}

function commonestFailure(log: readonly Try[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { protocol, why } of log)
    if (why !== undefined) counts.set(`${protocol}: ${why}`, (counts.get(`${protocol}: ${why}`) ?? 0) + 1)
  const [first] = [...counts].toSorted(([, a], [, b]) => b - a)
  return first === undefined ? undefined : `${first[0]} (${first[1]})`
}
