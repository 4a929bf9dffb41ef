import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { Refusal } from '../../lib/files/refusal.ts'
import { Durability, type Answer, type DurabilityRules, type Effect, type Operation } from './durability.ts'

export interface AcknowledgerParts {
  clock: Clock
  log: Log
  /** Asks the agent to take the other node into the set of those that have everything, or out of it. */
  askAgent: (op: Operation, why: string) => Promise<Answer>
  /** What phones save is on this node alone, or is refused, since the other one does not have it. */
  onAlone: () => void
  /** The membership of the other node may have changed. */
  onChanged: () => void
}

/** Lets what phones saved be acknowledged, once `Durability` says so. */
export class Acknowledger {
  readonly #durability: Durability
  readonly #parts: AcknowledgerParts
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>()
  #lastId = 0
  #cancelTick = () => {}

  constructor(rules: DurabilityRules, start: { inSync: boolean; tip: number }, parts: AcknowledgerParts) {
    this.#durability = new Durability(rules, start)
    this.#parts = parts
  }

  get view(): Pick<Durability, 'member' | 'acked' | 'isSynced' | 'pending'> {
    return this.#durability
  }

  /** Resolves once everything up to that record may be acknowledged. @throws Refusal */
  async replicate(seq: number): Promise<void> {
    const id = (this.#lastId += 1)
    const waiting = Promise.withResolvers<void>()
    this.#waiting.set(id, waiting)
    this.#perform(this.#durability.wait(id, seq, this.#now))
    await waiting.promise
  }

  stored(seq: number): void {
    this.#perform(this.#durability.stored(seq, this.#now))
  }

  follows(tip: number): void {
    this.#perform(this.#durability.follows(tip, this.#now))
  }

  mustBeSeeded(): void {
    this.#perform(this.#durability.mustBeSeeded(this.#now))
  }

  lost(): void {
    this.#perform(this.#durability.lost(this.#now))
  }

  close(): void {
    this.#perform(this.#durability.close())
    this.#cancelTick()
  }

  get #now(): number {
    return this.#parts.clock.now()
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.do === 'ask') void this.#ask(effect.op, effect.why)
      else this.#tell(effect)
    }
    this.#setTimer()
    this.#parts.onChanged()
  }

  #tell(effect: Exclude<Effect, { do: 'ask' }>): void {
    const waiting = this.#waiting.get(effect.id)
    this.#waiting.delete(effect.id)
    const isRefused = effect.do === 'refuse'
    if (isRefused ? this.#durability.member !== 'closed' : effect.alone) this.#parts.onAlone()
    if (isRefused) waiting?.reject(new Refusal('notActive', effect.why))
    else waiting?.resolve()
  }

  async #ask(op: Operation, why: string): Promise<void> {
    const { log, askAgent } = this.#parts
    const answer = await askAgent(op, why).catch(() => 'unknown' as const)
    log.info({ op, why, answer }, 'in-sync set')
    this.#perform(this.#durability.answered(op, answer, this.#now))
  }

  #setTimer(): void {
    this.#cancelTick()
    const { deadline } = this.#durability
    if (deadline === Infinity) return
    const ms = Math.max(1, deadline - this.#now)
    this.#cancelTick = this.#parts.clock.after(ms, () => this.#perform(this.#durability.tick(this.#now)))
  }
}
