import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Campaign, Effect, Event } from '../role/state.ts'
import type { Agent } from './agent.ts'
import type { Claimed, Claims } from './claims.ts'
import type { Lease } from './lease.ts'

export interface AskingParts {
  clock: Clock
  log: Log
  claims: Claims
  lease: Lease
  /** Each answer of etcd is looked at before it is believed. @returns why this node must not act */
  check: (claimed: Claimed) => string | undefined
}

const insyncTries = 3

/** Asks etcd what the protocol says, and tells the protocol what came of it: the answer, or that there was none. */
export class Asking {
  readonly #agent: Pick<Agent, 'state' | 'happen'>
  readonly #parts: AskingParts
  #looking = false

  constructor(agent: Pick<Agent, 'state' | 'happen'>, parts: AskingParts) {
    this.#agent = agent
    this.#parts = parts
  }

  /** Nothing waits for it, and there is one at a time. */
  look(): void {
    if (this.#looking) return
    this.#looking = true
    const { claims, log } = this.#parts
    void claims
      .look()
      .then((claimed) => this.#believe(claimed, ({ record }) => ({ type: 'looked', record })))
      .catch((err: unknown) => log.debug({ err }, 'etcd not read'))
      .finally(() => (this.#looking = false))
  }

  async take(campaign: Campaign): Promise<void> {
    const { claims, lease, clock, log } = this.#parts
    try {
      const claimed = await claims.take(campaign, await lease.current(), clock.wallTime())
      const outcome = claimed.outcome === 'confirmed' ? 'done' : 'refused'
      this.#believe(claimed, ({ record }) => ({ type: 'took', outcome, record }))
    } catch (err) {
      log.debug({ err }, 'role asked for, no answer')
      this.#agent.happen({ type: 'took', outcome: 'unknown' })
    }
  }

  async renew({ nonce, n }: Effect & { do: 'renew' }): Promise<void> {
    const { claims, lease, clock, log } = this.#parts
    const sentMs = clock.now()
    try {
      const claimed = await claims.renew(nonce, n, lease.held)
      const { outcome } = claimed
      this.#believe(claimed, ({ record }) => ({ type: 'renewed', sentMs, outcome, record }))
    } catch (err) {
      lease.doubt()
      log.debug({ err }, 'renewal without an answer')
      this.#agent.happen({ type: 'renewed', sentMs, outcome: 'unknown' })
    }
  }

  async release(reign: Effect & { do: 'release' }): Promise<void> {
    try {
      const claimed = await this.#parts.claims.release(reign)
      this.#believe(claimed, ({ record }) => ({ type: 'looked', record }))
    } catch (err) {
      this.#parts.log.debug({ err }, 'release without an answer')
    }
  }

  /**
   * Another set of nodes has everything. Each try rests on what the one before has read.
   * @returns the set; undefined when the reign is over. @throws EtcdUnavailable: nobody knows
   */
  async changeInsync(change: (nodes: readonly string[]) => string[]): Promise<readonly string[] | undefined> {
    for (let tries = 0; tries < insyncTries; tries += 1) {
      const { role, record } = this.#agent.state
      if (role.name !== 'active') return undefined
      const nodes = change(record?.insync?.nodes ?? [])
      const claimed = await this.#parts.claims.setInsync(role.nonce, record?.insync?.revision ?? 0, nodes)
      this.#believe(claimed, (now) => ({ type: 'looked', record: now.record }))
      if (claimed.outcome === 'confirmed') return nodes
    }
    throw new Error('the in-sync set kept changing')
  }

  #believe(claimed: Claimed, event: (claimed: Claimed) => Event): void {
    const refuse = this.#parts.check(claimed)
    this.#agent.happen(refuse === undefined ? event(claimed) : { type: 'refuse', why: refuse })
  }
}
