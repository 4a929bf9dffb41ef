import { randomBytes } from 'node:crypto'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import { Connection } from './connection.ts'
import { Endpoint } from './endpoint.ts'
import { askHedged, inOrder } from './hedge.ts'
import { readSecurity, type Security, type SecuritySettings } from './security.ts'
import type { Change, Listing, Member, Txn, TxnOutcome } from './shapes.ts'
import { Watch } from './watch.ts'

export type { Change, Compare, Held, Listing, Member, Put, Txn, TxnOutcome } from './shapes.ts'

export interface EtcdSettings extends SecuritySettings {
  /** host:port, nearest first. */
  endpoints: readonly string[]
  /** How long one question may take, whatever happens. */
  timeoutMs: number
  /** How long one member may take before another is asked as well. */
  hedgeMs: number
}

interface Parts {
  clock: Clock
  log: Log
}

/**
 * etcd, for decisions between the nodes. Only a transaction that puts something decides: it is voted on, while what is
 * only read may be old (etcd#20418). A question that timed out may have been done all the same, and one that was asked
 * of two members may have been done by the first when the second says no.
 */
export class Etcd {
  readonly #settings: EtcdSettings
  readonly #parts: Parts
  readonly #security: Security
  readonly #endpoints: readonly Endpoint[]
  readonly #watches = new Set<Watch>()
  #answeredLast: string | undefined
  #newest = { clusterId: '', revision: 0 }
  #closed = false

  private constructor(settings: EtcdSettings, security: Security, parts: Parts) {
    this.#settings = settings
    this.#parts = parts
    this.#security = security
    this.#endpoints = settings.endpoints.map((address) => new Endpoint(address, { security, ...parts }))
  }

  /** Connects when it is first asked. @throws Error naming the setting when a PEM file cannot be used */
  static async open(settings: EtcdSettings, parts: Parts): Promise<Etcd> {
    return new Etcd(settings, await readSecurity(settings), parts)
  }

  /**
   * A member that was frozen may do what it was asked when it thaws, long after another has answered: what must not
   * come late has to compare something that changes with each put.
   * @throws LeaseGone for a put with a lease that has ended; EtcdUnavailable
   */
  async txn(txn: Txn, { timeoutMs }: { timeoutMs?: number } = {}): Promise<TxnOutcome> {
    return this.#saw(await this.#ask((member, limitMs) => member.transact(txn, limitMs), timeoutMs))
  }

  /** All keys that begin so, for display. @throws EtcdUnavailable */
  async list(prefix: string, { timeoutMs }: { timeoutMs?: number } = {}): Promise<Listing> {
    return this.#saw(await this.#ask((member, limitMs) => member.list(prefix, limitMs), timeoutMs))
  }

  /** @returns its id. @throws EtcdUnavailable */
  async grantLease(ttlSeconds: number): Promise<string> {
    const id = newLeaseId()
    await this.#ask((member, limitMs) => member.grantLease(id, ttlSeconds, limitMs))
    return id
  }

  /** Keeps it for another time to live. @returns whether it still lives. @throws EtcdUnavailable */
  async keepLease(id: string): Promise<boolean> {
    return this.#ask((member, limitMs) => member.keepLease(id, limitMs))
  }

  /** Its keys go; harmless when it is gone. @throws EtcdUnavailable */
  async revokeLease(id: string): Promise<void> {
    await this.#ask((member, limitMs) => member.revokeLease(id, limitMs))
  }

  /** Tells all keys with the prefix, then every change, until it is stopped; over whatever happens to etcd. */
  watch(prefix: string, onChange: (change: Change) => void): { stop: () => void } {
    this.#checkOpen()
    const watch = new Watch(prefix, onChange, {
      ...this.#parts,
      pulseMs: this.#settings.timeoutMs,
      list: () => this.list(prefix),
      addresses: () => this.#inOrder().map(({ address }) => address),
      connect: (address) => new Connection(address, this.#security),
      newestRevision: () => this.#newest.revision,
      onStopped: () => this.#watches.delete(watch),
    })
    this.#watches.add(watch)
    watch.start()
    return { stop: () => watch.stop() }
  }

  /** Each endpoint is asked for itself. */
  members(timeoutMs: number): Promise<Member[]> {
    this.#checkOpen()
    return Promise.all(this.#endpoints.map((endpoint) => describe(endpoint, timeoutMs)))
  }

  /** Has another member lead etcd itself. @throws Error when it does not come to that */
  async moveLeader(toMemberId: string, timeoutMs = 5_000): Promise<void> {
    const members = await this.members(this.#settings.timeoutMs)
    // One that was cut off may still believe that it leads, of an older term.
    const leading = members
      .filter(({ memberId, leaderId }) => memberId !== '' && memberId === leaderId)
      .toSorted((one, other) => other.raftTerm - one.raftTerm)[0]
    const leader = this.#endpoints.find(({ address }) => address === leading?.endpoint)
    if (leader === undefined)
      throw new Error('the leader of etcd is not to be moved: none of pairEtcd.endpoints leads')
    if (leading?.memberId === toMemberId) return
    await leader.ask((member, limitMs) => member.moveLeader(toMemberId, limitMs), timeoutMs)
  }

  /** Stops the watches. What is being asked comes to its end; nothing more can be asked. Harmless twice. */
  close(): void {
    this.#closed = true
    for (const watch of this.#watches) watch.stop()
    for (const endpoint of this.#endpoints) endpoint.close()
  }

  async #ask<T>(
    question: (member: Connection, limitMs: number) => Promise<T>,
    timeoutMs = this.#settings.timeoutMs,
  ): Promise<T> {
    this.#checkOpen()
    const { hedgeMs } = this.#settings
    const members = this.#inOrder().map((endpoint) => ({
      address: endpoint.address,
      ask: (limitMs: number) => endpoint.ask(question, limitMs),
    }))
    const { from, answer } = await askHedged(members, { timeoutMs, hedgeMs, clock: this.#parts.clock })
    this.#answeredLast = from
    return answer
  }

  #inOrder(): Endpoint[] {
    return inOrder(this.#endpoints, this.#answeredLast)
  }

  #saw<T extends { clusterId: string; revision: number }>(answer: T): T {
    const { clusterId, revision } = answer
    if (clusterId !== this.#newest.clusterId || revision > this.#newest.revision)
      this.#newest = { clusterId, revision }
    return answer
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('etcd was closed, and can be asked no more')
  }
}

async function describe(endpoint: Endpoint, timeoutMs: number): Promise<Member> {
  const at = { endpoint: endpoint.address }
  try {
    const [status, names] = await endpoint.ask(
      (member, limitMs) => Promise.all([member.status(limitMs), member.memberNames(limitMs)]),
      timeoutMs,
    )
    return { ...at, reachable: true, name: names.get(status.memberId) ?? '', ...status }
  } catch (error) {
    return {
      ...at,
      ...unknown,
      reachable: false,
      why: messageOf(error),
    }
  }
}

const unknown = {
  memberId: '',
  name: '',
  leaderId: undefined,
  raftTerm: 0,
  revision: 0,
  version: '',
  dbBytes: 0,
  alarms: [],
}

/** A positive number of 63 bits, as etcd wants it. */
function newLeaseId(): string {
  const id = randomBytes(8)
  id[0] = ((id[0] ?? 0) & 0x7f) | 0x40
  return id.toString('hex')
}
