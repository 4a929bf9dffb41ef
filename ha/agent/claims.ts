import type { Etcd, Held, Put, Txn, TxnOutcome } from '../etcd/etcd.ts'
import {
  keysOf,
  parseInsync,
  parseLeader,
  parsePause,
  parseStandby,
  parseTerm,
  type Keys,
} from '../etcd/keys.ts'
import type { Campaign, PairRecord } from '../role/state.ts'

/** What one transaction answered. */
export interface Claimed {
  outcome: 'confirmed' | 'refused'
  record: PairRecord
  clusterId: string
  /** An order that lies there for the active node. */
  handover: string | undefined
}

/**
 * The transactions of the protocol. Each is guarded by what it rests on, and each reads the whole record, so that
 * whatever it decided, the answer says how things stand.
 */
export class Claims {
  readonly #etcd: Pick<Etcd, 'txn'>
  readonly #keys: Keys
  readonly #me: string
  readonly #nodes: readonly string[]
  readonly #reads: readonly string[]

  constructor(
    etcd: Pick<Etcd, 'txn'>,
    { cluster, me, other }: { cluster: string; me: string; other: string },
  ) {
    this.#etcd = etcd
    this.#me = me
    this.#nodes = [me, other]
    this.#keys = keysOf(cluster)
    const { leader, term, insync, pause, handover, standby } = this.#keys
    this.#reads = [leader, term, insync, pause, handover, standby(me), standby(other)]
  }

  get keys(): Keys {
    return this.#keys
  }

  look(): Promise<Claimed> {
    return this.#claim({})
  }

  /** The same renewal twice does no harm, so it may be asked of two members at once. */
  renew(nonce: string, n: number, lease: string | undefined): Promise<Claimed> {
    const leader = JSON.stringify({ node: this.#me, nonce, n, phase: 'active' })
    return this.#claim({ compares: [this.#reign(nonce)], puts: [put(this.#keys.leader, leader, lease)] })
  }

  /** Refused when anything has changed that the decision rests on. */
  take(campaign: Campaign, lease: string | undefined, at: Date): Promise<Claimed> {
    const { nonce, leaderRevision, insyncRevision, insync, why } = campaign
    const { leader, term, pause, standby, history } = this.#keys
    const claim = { node: this.#me, nonce, n: 0, phase: 'active' }
    const reign = { node: this.#me, at: at.toISOString(), why }
    return this.#claim({
      compares: [
        { key: leader, modRevision: leaderRevision },
        { key: this.#keys.insync, modRevision: insyncRevision },
        { key: pause, modRevision: 0 },
        { key: standby(this.#me), modRevision: 0 },
      ],
      puts: [
        put(leader, JSON.stringify(claim), lease),
        put(this.#keys.claim, nonce),
        put(term, JSON.stringify({ node: this.#me, nonce })),
        put(this.#keys.insync, JSON.stringify({ nodes: insync })),
        put(history(nonce), JSON.stringify(reign)),
      ],
    })
  }

  release({ nonce, handTo, why }: { nonce: string; handTo?: string; why: string }): Promise<Claimed> {
    const leader = JSON.stringify({ node: this.#me, nonce, n: 0, phase: 'released', handTo, why })
    const puts = [put(this.#keys.leader, leader), put(this.#keys.claim, over)]
    return this.#claim({ compares: [this.#reign(nonce)], puts })
  }

  /**
   * Who has every acknowledged save: changed only by the active node, while its reign lasts, and only from what it has
   * seen. So a copy of an older question that comes late changes nothing any more.
   */
  async setInsync(nonce: string, revision: number, nodes: readonly string[]): Promise<Claimed> {
    const { insync } = this.#keys
    const claimed = await this.#claim({
      compares: [this.#reign(nonce), { key: insync, modRevision: revision }],
      puts: [put(insync, JSON.stringify({ nodes }))],
    })
    const { term, insync: now } = claimed.record
    // The first copy of this very question may have done it.
    const isSo =
      term?.nonce === nonce && now !== undefined && now.revision > revision && isSame(now.nodes, nodes)
    return isSo ? { ...claimed, outcome: 'confirmed' } : claimed
  }

  /** The reign goes on: nobody else has begun one, and it was not given up. A late copy of a renewal must not undo that. */
  #reign(nonce: string) {
    return { key: this.#keys.claim, value: nonce }
  }

  async #claim(txn: Txn): Promise<Claimed> {
    const answer = await this.#etcd.txn({ ...txn, reads: this.#reads })
    const outcome = answer.succeeded ? 'confirmed' : 'refused'
    const handover = answer.values.get(this.#keys.handover)?.value
    return { outcome, record: this.#recordIn(answer), clusterId: answer.clusterId, handover }
  }

  #recordIn({ revision, values }: TxnOutcome): PairRecord {
    const { leader, term, insync, pause, standby } = this.#keys
    const [leaderNow, termNow] = [held(values.get(leader), parseLeader), held(values.get(term), parseTerm)]
    const [insyncNow, paused] = [held(values.get(insync), parseInsync), held(values.get(pause), parsePause)]
    const out = this.#nodes.filter((node) => held(values.get(standby(node)), parseStandby) !== undefined)
    return {
      revision,
      ...(leaderNow && { leader: { ...leaderNow.value, revision: leaderNow.revision } }),
      ...(termNow && { term: { ...termNow.value, epoch: termNow.revision } }),
      ...(insyncNow && { insync: { nodes: insyncNow.value.nodes, revision: insyncNow.revision } }),
      ...(paused && { paused: paused.value }),
      onStandby: out,
    }
  }
}

const isSame = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((name) => other.includes(name))

/** The claim of a reign that was given up. */
const over = ''

const put = (key: string, value: string, lease?: string): Put => ({
  key,
  value,
  ...(lease === undefined ? {} : { lease }),
})

function held<T>(found: Held | undefined, parse: (text: string) => T | undefined) {
  const value = found === undefined ? undefined : parse(found.value)
  return found === undefined || value === undefined ? undefined : { value, revision: found.modRevision }
}
