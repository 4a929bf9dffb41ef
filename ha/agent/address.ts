import type { Clock } from '../../lib/base/clock.ts'
import type { Vip } from '../vip/vip.ts'
import type { Agent } from './agent.ts'
import type { Events } from './events.ts'

export interface AddressParts {
  clock: Clock
  vip: Pick<Vip, 'acquire' | 'renew' | 'release'>
  events: Pick<Events, 'add'>
}

/** Has the floating address here or not, as the protocol says. */
export class Address {
  readonly #agent: Pick<Agent, 'state' | 'epoch' | 'happen'>
  readonly #parts: AddressParts
  readonly #lifetimeMs: number
  /** The reign for which it was last taken. */
  #takenEpoch = 0

  constructor(
    agent: Pick<Agent, 'state' | 'epoch' | 'happen'>,
    parts: AddressParts,
    { lifetimeMs }: { lifetimeMs: number },
  ) {
    this.#agent = agent
    this.#parts = parts
    this.#lifetimeMs = lifetimeMs
  }

  /** The kernel counts the address's lifetime from now: on consent that has grown old it must not begin. */
  async take(epoch: number, notAfterMs: number): Promise<void> {
    const { vip, clock } = this.#parts
    if (clock.now() > notAfterMs) return // the next renewal takes it
    this.#takenEpoch = epoch
    const outcome = await vip.acquire(epoch)
    const { role } = this.#agent.state
    // One that a release has overtaken is no failure.
    if (!outcome.ok && role.name === 'active' && role.epoch === epoch)
      this.#agent.happen({ type: 'cannot serve', why: outcome.why })
  }

  async keep(notAfterMs: number): Promise<void> {
    const { role } = this.#agent.state
    if (role.name !== 'active') return
    if (this.#takenEpoch !== role.epoch) return this.take(role.epoch, notAfterMs)
    if (this.#parts.clock.now() <= notAfterMs) await this.#parts.vip.renew()
  }

  /** What could not be removed ends by the kernel; until then nobody must be invited to take over. */
  async drop(): Promise<void> {
    const { vip, events, clock } = this.#parts
    const outcome = await vip.release()
    if (outcome.ok) return
    events.add('trouble', this.#agent.epoch, `the floating address could not be removed: ${outcome.why}`)
    await clock.sleep(this.#lifetimeMs + 250)
  }
}
