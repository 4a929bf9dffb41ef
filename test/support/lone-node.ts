import { begin, step } from '../../ha/role/role.ts'
import type { Campaign, Effect, Event, Message, PairRecord, State } from '../../ha/role/state.ts'
import { usualTiming } from './pair-simulation/scene.ts'

/** What etcd says while b is active, unless told otherwise. */
export const recordOf = (change: Partial<PairRecord> = {}): PairRecord => ({
  revision: 20,
  leader: { node: 'b', nonce: 'of b', phase: 'active', revision: 20 },
  term: { node: 'b', nonce: 'of b', epoch: 10 },
  insync: { nodes: ['a', 'b'], revision: 10 },
  onStandby: [],
  ...change,
})

/** The same after another renewal, or whatever has raised the revision. */
export const renewedTo = (revision: number, change: Partial<PairRecord> = {}): PairRecord =>
  recordOf({
    revision,
    leader: { node: 'b', nonce: 'of b', phase: 'active', revision },
    ...change,
  })

/** Node a alone with the protocol, at times that the test names; what it does is kept, and performed by nobody. */
export class LoneNode {
  state: State
  nowMs = 0
  #named = 0

  constructor() {
    this.state = begin('a', 'b', 0)
  }

  /** @returns what it does about it */
  at(nowMs: number, event: Event): Effect[] {
    this.nowMs = nowMs
    const moment = { nowMs, fresh: `n${(this.#named += 1)}` }
    const { state, effects } = step(this.state, event, moment, usualTiming)
    this.state = state
    return effects
  }

  looks(nowMs: number, record: PairRecord): Effect[] {
    return this.at(nowMs, { type: 'looked', record })
  }

  hears(nowMs: number, message: Message): Effect[] {
    return this.at(nowMs, { type: 'heard', message })
  }

  tick(nowMs: number): Effect[] {
    return this.at(nowMs, { type: 'tick' })
  }

  /** Goes on for so long while etcd answers with the same, four times a second. */
  watches(untilMs: number, record: PairRecord): Effect[] {
    const effects: Effect[] = []
    for (let nowMs = 50 * Math.floor(this.nowMs / 50 + 1); nowMs <= untilMs; nowMs += 50) {
      effects.push(...this.tick(nowMs))
      if (nowMs % 250 === 0) effects.push(...this.looks(nowMs, record))
    }
    return effects
  }

  /** Takes over from b, which has released the role to it, and is active from then on with epoch 30. */
  static active(atMs = 100): LoneNode {
    const node = new LoneNode()
    const [campaign] = takes(node.looks(atMs, released))
    node.at(atMs, { type: 'took', outcome: 'done', record: wonBy(campaign) })
    return node
  }
}

export const released: PairRecord = recordOf({
  leader: { node: 'b', nonce: 'of b', phase: 'released', handTo: 'a', revision: 20 },
})

/** What etcd says once that campaign has won. */
export function wonBy(campaign: Campaign | undefined, revision = 30): PairRecord {
  const { nonce = '', insync = [] } = campaign ?? {}
  return {
    revision,
    leader: { node: 'a', nonce, phase: 'active', revision },
    term: { node: 'a', nonce, epoch: revision },
    insync: { nodes: insync, revision },
    onStandby: [],
  }
}

export const takes = (effects: readonly Effect[]): Campaign[] =>
  effects.flatMap((effect) => (effect.do === 'take' ? [effect.campaign] : []))

export const sentences = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.do === 'say' ? [effect.sentence] : []))

/** `close gate`, `send FENCE`: what is done, in order, but for the sentences. */
export const acts = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => {
    if (effect.do === 'say') return []
    return effect.do === 'send' ? [`send ${effect.message.type}`] : [effect.do]
  })
