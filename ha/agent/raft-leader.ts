import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Log } from '../../lib/base/log.ts'
import { Periodic } from '../../lib/base/periodic.ts'
import type { Etcd, Member } from '../etcd/etcd.ts'

const lookEveryMs = 5_000
const moveEveryMs = 60_000
const askMs = 1_000

export interface RaftLeaderParts {
  etcd: Etcd
  clock: Clock
  log: Log
  isActive: () => boolean
  /** Of an endpoint: whether it is on this node. */
  isHere: (endpoint: string) => boolean
  keepAway: boolean
}

/**
 * Looks at the members of etcd, and keeps etcd's own leader off the active node: one death that takes both costs an
 * election of etcd more.
 */
export class RaftLeader implements Component {
  readonly name = 'leader of etcd'
  readonly #parts: RaftLeaderParts
  readonly #looking: Periodic
  #members: Member[] = []
  #movedMs = -Infinity

  constructor(parts: RaftLeaderParts) {
    this.#parts = parts
    const { clock, log } = parts
    const look = () => this.#look().catch((err: unknown) => log.debug({ err }, 'members of etcd not seen'))
    this.#looking = new Periodic(look, { everyMs: lookEveryMs, clock })
  }

  /** As they were last seen. */
  get members(): readonly Member[] {
    return this.#members
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#looking.start(fail)
  }

  async stop(): Promise<void> {
    await this.#looking.stop()
  }

  async #look(): Promise<void> {
    const { etcd, clock, isActive, keepAway } = this.#parts
    this.#members = await etcd.members(askMs)
    if (!keepAway || !isActive() || clock.now() - this.#movedMs < moveEveryMs) return
    const target = betterLeader(this.#members, this.#parts.isHere)
    if (target === undefined) return
    this.#movedMs = clock.now()
    await etcd.moveLeader(target.memberId)
    this.#parts.log.info(
      { to: target.name, why: 'the active node keeps no leader of etcd' },
      'leader of etcd moved',
    )
  }
}

/** A reachable member elsewhere, when the leader is here; undefined: nothing to move. */
export function betterLeader(
  members: readonly Member[],
  isHere: (endpoint: string) => boolean,
): Member | undefined {
  const here = members.find(
    ({ endpoint, memberId, leaderId }) => isHere(endpoint) && memberId !== '' && memberId === leaderId,
  )
  if (here === undefined) return undefined
  return members.findLast(({ endpoint, reachable }) => reachable && !isHere(endpoint))
}
