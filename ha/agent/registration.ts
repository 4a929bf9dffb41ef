import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Log } from '../../lib/base/log.ts'
import { Periodic } from '../../lib/base/periodic.ts'
import type { Etcd, TxnOutcome } from '../etcd/etcd.ts'
import { parseCluster, parseMember, type Keys } from '../etcd/keys.ts'
import { whyRefuse } from './guards.ts'
import type { Known, KnownFile } from './known.ts'
import type { Lease } from './lease.ts'
import type { NodeView } from './views.ts'

export interface RegistrationSettings {
  me: string
  other: string
  address: string
  /** Of the pair, from its keys. */
  uuid: string
  keys: Keys
}

export interface RegistrationParts {
  etcd: Etcd
  lease: Lease
  file: KnownFile
  clock: Clock
  log: Log
  view: () => NodeView
  onRefuse: (why: string) => void
}

const everyMs = 1_000
const saveEveryMs = 10_000
/** No answer is older than this. */
const settledMs = 2_000

/**
 * Writes at etcd who this node is and how it does, and reads the same of the other. What etcd answers is compared with
 * what this node knows: the same pair, the same etcd, no step back in time, nobody else of our name.
 */
export class Registration implements Component {
  readonly name = 'registration at etcd'
  readonly #settings: RegistrationSettings
  readonly #parts: RegistrationParts
  readonly #registering: Periodic
  #known: Known = { machine: '', uuid: '', clusterId: '', revision: 0 }
  /** Highest revision of etcd so far, and that of a while ago. */
  #highest = 0
  #settled = 0
  #sawMs = -Infinity
  #savedMs = -Infinity
  #saved = ''
  /** Revision of our own entry. 0: there is none. */
  #revision = 0
  #other: NodeView | undefined

  constructor(settings: RegistrationSettings, parts: RegistrationParts) {
    this.#settings = settings
    this.#parts = parts
    this.#registering = new Periodic(() => this.#tryToRegister(), { everyMs, clock: parts.clock })
  }

  /** What the other node last wrote; undefined: its entry has ended. */
  get other(): NodeView | undefined {
    return this.#other
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#known = await this.#parts.file.load()
    this.#highest = this.#settled = this.#known.revision
    this.#registering.start(fail)
  }

  async stop(): Promise<void> {
    await this.#registering.stop()
    if (this.#known.uuid !== '') await this.#save()
  }

  /** @returns why what was answered must not be believed */
  check({ clusterId, revision }: Pick<TxnOutcome, 'clusterId' | 'revision'>): string | undefined {
    const why = whyRefuse(this.#known, this.#own(), { clusterId, revision })
    if (why === undefined) this.#see(revision)
    return why
  }

  /** Answers to questions asked at once may come in another order; what was seen a while ago must never be undone. */
  #see(revision: number): void {
    const now = this.#parts.clock.now()
    this.#highest = Math.max(this.#highest, revision)
    if (now - this.#sawMs < settledMs) return
    this.#sawMs = now
    this.#known = { ...this.#known, revision: this.#settled }
    this.#settled = this.#highest
  }

  async #tryToRegister(): Promise<void> {
    const { log, onRefuse } = this.#parts
    const why = await this.#register().catch((err: unknown) => {
      log.debug({ err }, 'not registered')
      return undefined
    })
    if (why === undefined) return
    void this.#registering.stop()
    onRefuse(why)
  }

  /** @returns why this node must not act */
  async #register(): Promise<string | undefined> {
    const { keys, me, other, address } = this.#settings
    const { etcd, lease, view } = this.#parts
    const mine = JSON.stringify({ ...view(), address, machine: this.#known.machine })
    const held = await lease.current()
    const answer = await etcd.txn({
      compares: [{ key: keys.member(me), modRevision: this.#revision }],
      puts: [{ key: keys.member(me), value: mine, ...(held === undefined ? {} : { lease: held }) }],
      deletes: [],
      reads: [keys.cluster, keys.member(me), keys.member(other)],
    })
    const entry = answer.values.get(keys.member(me))
    const why = this.#whyRefuse(answer, entry?.value)
    if (why !== undefined) return why
    // Refused once: an earlier run of ours, or our own entry had ended.
    this.#revision = entry?.modRevision ?? 0
    this.#other = parseView(answer.values.get(keys.member(other))?.value)
    if (!answer.values.get(keys.cluster)) await this.#found()
    await this.#remember(answer)
    return undefined
  }

  #whyRefuse({ clusterId, revision, values }: TxnOutcome, entry: string | undefined): string | undefined {
    const uuid = parseCluster(values.get(this.#settings.keys.cluster)?.value ?? '')?.uuid
    const holder = parseMember(entry ?? '')
    return whyRefuse(this.#known, this.#own(), { clusterId, revision, uuid, holder })
  }

  /** A new pair: whoever is first writes down which. */
  async #found(): Promise<void> {
    const { keys, uuid } = this.#settings
    const put = { key: keys.cluster, value: JSON.stringify({ uuid }) }
    const compare = { key: keys.cluster, modRevision: 0 }
    await this.#parts.etcd.txn({ compares: [compare], puts: [put], deletes: [], reads: [] })
  }

  async #remember({ clusterId, revision }: TxnOutcome): Promise<void> {
    this.#see(revision)
    this.#known = { ...this.#known, uuid: this.#settings.uuid, clusterId }
    const identity = `${this.#known.uuid} ${clusterId}`
    if (identity === this.#saved && this.#parts.clock.now() - this.#savedMs < saveEveryMs) return
    await this.#save()
    this.#saved = identity
  }

  async #save(): Promise<void> {
    this.#savedMs = this.#parts.clock.now()
    await this.#parts.file.save(this.#known)
  }

  #own() {
    return { uuid: this.#settings.uuid, name: this.#settings.me }
  }
}

function parseView(text: string | undefined): NodeView | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as NodeView)
  } catch {
    return undefined
  }
}
