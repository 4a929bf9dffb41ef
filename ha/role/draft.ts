import type { Effect, Moment, Role, State } from './state.ts'
import type { Timing } from './timing.ts'

/** A step in the making: a copy of the state, and the effects so far. */
export class Draft {
  readonly state: State
  readonly effects: Effect[] = []
  readonly now: number
  readonly fresh: string
  readonly timing: Timing

  constructor(state: State, { nowMs, fresh }: Moment, timing: Timing) {
    this.state = { ...state }
    this.now = nowMs
    this.fresh = fresh
    this.timing = timing
  }

  do(...effects: Effect[]): void {
    this.effects.push(...effects)
  }

  note(sentence: string): void {
    this.do({ do: 'say', sentence, weight: 'note' })
  }

  /** Another role, and why. */
  become(role: Role, sentence: string): void {
    this.state.role = role
    this.do({ do: 'say', sentence, weight: 'change' })
  }
}
