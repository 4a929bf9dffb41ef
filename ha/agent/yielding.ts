import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import { Periodic } from '../../lib/base/periodic.ts'
import { judgeMove, unwatched, type Health, type Watched } from '../role/moves.ts'
import type { State } from '../role/state.ts'
import type { Agent } from './agent.ts'
import type { Events } from './events.ts'
import type { NodeView } from './views.ts'

export interface YieldingSettings {
  preferred: string
  failbackMinutes: number
}

export interface YieldingParts {
  agent: Agent
  own: () => NodeView
  other: () => NodeView
  events: Pick<Events, 'add'>
  clock: Clock
}

const everyMs = 500
/** What the other node said longer ago is not known any more. */
const freshMs = 3_000
/** What is being saved may end, downloads not: this is no planned work. */
const drainMs = 200

/** While this node is active: looks whether the other would do better, and hands over to it. */
export class Yielding implements Component {
  readonly name = 'yielding'
  readonly #settings: YieldingSettings
  readonly #parts: YieldingParts
  readonly #looking: Periodic
  #watched: Watched = unwatched
  #movesMs: number[] = []
  #epoch = 0
  #loud = ''

  constructor(settings: YieldingSettings, parts: YieldingParts) {
    this.#settings = settings
    this.#parts = parts
    this.#looking = new Periodic(() => this.#look(), { everyMs, clock: parts.clock })
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#looking.start(fail)
  }

  async stop(): Promise<void> {
    await this.#looking.stop()
  }

  #look(): void {
    const { state } = this.#parts.agent
    this.#countMoves(state)
    if (state.role.name === 'active' && state.role.serving) this.#judge(state)
    else this.#watched = unwatched
  }

  #countMoves({ record }: State): void {
    const epoch = record?.term?.epoch ?? 0
    if (epoch === this.#epoch) return
    if (this.#epoch !== 0) this.#movesMs = [...this.#movesMs.slice(-9), this.#parts.clock.now()]
    this.#epoch = epoch
  }

  #judge({ record, other: name }: State): void {
    const { agent, own, other, events, clock } = this.#parts
    const others = other()
    const { watched, verdict } = judgeMove(this.#watched, {
      nowMs: clock.now(),
      other: name,
      own: healthOf(own()),
      others: others.seenMs !== undefined && others.seenMs < freshMs ? healthOf(others) : undefined,
      isOtherInsync: record?.insync?.nodes.includes(name) === true,
      movesMs: this.#movesMs,
      ...this.#settings,
    })
    this.#watched = watched
    if (verdict.yield) return agent.happen({ type: 'hand over', to: name, drainMs, why: verdict.why })
    const loud = verdict.isLoud === true ? verdict.why : ''
    if (loud !== '' && loud !== this.#loud) events.add('trouble', agent.epoch, loud)
    this.#loud = loud
  }
}

const healthOf = ({ score, faults, faultKinds }: NodeView): Health => ({
  score,
  faults: Object.fromEntries(faultKinds.map((kind, index) => [kind, faults[index] ?? kind])),
})
