import type { Campaign, PairRecord } from '../../../ha/role/state.ts'
import { recordText } from './telling.ts'
import type { Name, World } from './world.ts'

export interface Answer {
  outcome: 'confirmed' | 'refused'
  record: PairRecord
}

export interface Listener {
  taken(node: Name, campaign: Campaign, before: PairRecord): void
  /** The set has changed. */
  insyncChanged(): void
}

/** Shorter than the real ten seconds, so that it happens in a short simulation. */
const leaseMs = 3_000
const kept = 60

/** One linearizable store: a transaction happens at one moment, whenever it was asked for. */
export class SimulatedEtcd {
  record: PairRecord = { revision: 1, onStandby: [] }
  readonly #world: World
  readonly #listener: Listener
  readonly #past: { untilMs: number; record: PairRecord }[] = []
  readonly #heard: Record<Name, number> = { a: 0, b: 0 }

  constructor(world: World, listener: Listener) {
    this.#world = world
    this.#listener = listener
  }

  /** What a member that lags knows. */
  asOf(atMs: number): PairRecord {
    return this.#past.find(({ untilMs }) => untilMs > atMs)?.record ?? this.record
  }

  look(node: Name): Answer {
    this.#heard[node] = this.#world.nowMs
    return this.#answer(true)
  }

  renew(node: Name, nonce: string): Answer {
    this.#heard[node] = this.#world.nowMs
    const { term, leader } = this.record
    // A late copy of a renewal does not undo that the role was given up.
    if (term?.nonce !== nonce || leader?.phase === 'released') return this.#answer(false)
    this.#put({ leader: { node, nonce, phase: 'active', revision: this.#next } })
    return this.#answer(true)
  }

  take(node: Name, campaign: Campaign): Answer {
    this.#heard[node] = this.#world.nowMs
    const { nonce, leaderRevision, insyncRevision, insync } = campaign
    const before = this.record
    const holds =
      (before.leader?.revision ?? 0) === leaderRevision &&
      (before.insync?.revision ?? 0) === insyncRevision &&
      before.paused === undefined &&
      !before.onStandby.includes(node)
    if (!holds) return this.#answer(false)
    const revision = this.#next
    this.#put({
      leader: { node, nonce, phase: 'active', revision },
      term: { node, nonce, epoch: revision },
      insync: { nodes: insync, revision },
    })
    this.#world.tell('etcd', () => `${node} has taken the role: ${recordText(this.record)}`)
    this.#listener.taken(node, campaign, before)
    this.#listener.insyncChanged()
    return this.#answer(true)
  }

  release(node: Name, nonce: string, handTo: string | undefined): Answer {
    if (this.record.term?.nonce !== nonce) return this.#answer(false)
    const to = handTo === undefined ? {} : { handTo }
    this.#put({ leader: { node, nonce, phase: 'released', ...to, revision: this.#next } })
    this.#world.tell('etcd', () => `${node} has released the role`)
    return this.#answer(true)
  }

  /** @param replaced revision of the set that this one replaces; undefined: whichever */
  setInsync(nonce: string, nodes: readonly string[], replaced: number | undefined): Answer {
    const { term, insync } = this.record
    const holds = term?.nonce === nonce && (replaced === undefined || replaced === insync?.revision)
    if (!holds) return this.#answer(false)
    this.#put({ insync: { nodes, revision: this.#next } })
    this.#world.tell('etcd', () => `in sync: ${nodes.join(', ')}`)
    this.#listener.insyncChanged()
    return this.#answer(true)
  }

  pause(): void {
    this.#put({ paused: { by: 'alice', why: 'maintenance' } })
  }

  resume(): void {
    const { paused: _, ...record } = this.record
    this.record = record
    this.#put({})
  }

  takeOut(nodes: readonly Name[]): void {
    this.#put({ onStandby: nodes })
  }

  /** The record hangs on its node's lease. */
  expireLease(): void {
    const { leader, ...record } = this.record
    if (leader === undefined || leader.phase === 'released') return
    if (this.#world.nowMs - this.#heard[leader.node as Name] < leaseMs) return
    this.#world.tell('etcd', () => `the lease of ${leader.node} has ended`)
    this.record = record
    this.#put({})
  }

  get #next(): number {
    return this.record.revision + 1
  }

  #put(change: Partial<PairRecord>): void {
    this.#past.push({ untilMs: this.#world.nowMs, record: this.record })
    if (this.#past.length > kept) this.#past.shift()
    this.record = { ...this.record, ...change, revision: this.#next }
  }

  #answer(holds: boolean): Answer {
    return { outcome: holds ? 'confirmed' : 'refused', record: this.record }
  }
}
