import { randomUUID } from 'node:crypto'
import {
  Etcd3,
  EtcdLeaseInvalidError,
  GRPCDeadlineExceededError,
  GRPCFailedPreconditionError,
  type ICompare,
  type IKeyValue,
  type IOptions,
  type IRequestOp,
  type IResponseHeader,
  type IWatchResponse,
} from 'etcd3'
import { messageOf } from '../../lib/base/message-of.ts'
import { printable } from '../../lib/base/printable.ts'
import type { Security } from './security.ts'
import type { Change, Compare, Listing, Status, Held, Txn, TxnOutcome } from './shapes.ts'
import { LeaseGone, noAnswer } from './unavailable.ts'

/**
 * One etcd member, asked by etcd3 1.1.2. The only file that knows it. Only what carries single requests is used: its
 * elections, leases and watches wait too long to rely on. Its oddities, and where in test/ha/etcd/ each is shown:
 *
 * - No call has a time limit unless given, the login neither, and the limit is a date of the wall clock. Whoever asks
 *   has a limit of its own besides (auth.test.ts: a login that hangs).
 * - It asks again three times, and after three failures lets nothing through for five seconds. Both are policies that
 *   can be replaced: by one that does nothing (etcd.test.ts: a full store; a member that thaws).
 * - Any call that fails closes the channels of its client, and calls that are on the way to the member fail with it.
 *   So each member has a client of its own, and each watch as well.
 * - Below it, grpc-js gives a new client the connection of another when all options are alike, even one that is dead.
 *   So each client has an option that no other has (connection.test.ts: vanished).
 * - grpc-js goes through the proxy of the environment unless told (connection.test.ts: proxy).
 * - Its own watch stays with a member that has gone quiet, and of a compaction it says but "canceled", without a
 *   reason: only the raw stream is used (watch.test.ts: hangs; no longer kept).
 * - Error texts begin with the number and name of a gRPC code, and some end with "Resolution note:"; they are cleaned
 *   here, and its errors go no further (etcd.test.ts: killed; auth.test.ts: in words).
 * - 64-bit numbers are decimal strings, where etcdctl shows ids in hexadecimal (etcd.test.ts: members).
 * - Each login leaves a connection behind, which ends by itself after half an hour without use.
 * - With TLS, Node warns (DEP0123) that the server's name is an address when it is; the certificate is checked against
 *   the address all the same (auth.test.ts: not believed).
 */
export class Connection {
  readonly #client: Etcd3

  constructor(endpoint: string, { tls, login }: Security) {
    this.#client = new Etcd3({
      hosts: endpoint,
      grpcOptions: { ...channelOptions, 'grpc.primary_user_agent': `twintone/${randomUUID()}` },
      faultHandling: { global: asItIs, host: () => asItIs },
      ...(tls === undefined ? {} : { credentials: tls }),
      ...(login === undefined ? {} : { auth: { ...login, callOptions: () => within(loginLimitMs) } }),
    })
  }

  async transact(
    { compares = [], puts = [], deletes = [], reads = [] }: Txn,
    limitMs: number,
  ): Promise<TxnOutcome> {
    const read = reads.map((key): IRequestOp => ({ request_range: { key: bytes(key) } }))
    const success: IRequestOp[] = [
      ...puts.map(({ key, value, lease = '0' }) => ({
        request_put: { key: bytes(key), value: bytes(value), lease: decimal(lease) },
      })),
      ...deletes.map((key) => ({ request_delete_range: { key: bytes(key) } })),
      ...read,
    ]
    const request = { compare: compares.map(comparison), success, failure: read }
    const { header, succeeded, responses } = await cleanly(limitMs, () =>
      this.#client.kv.txn(request, within(limitMs)),
    )
    const found = responses.slice(responses.length - reads.length)
    const values = new Map(reads.map((key, at) => [key, firstOf(found[at]?.response_range.kvs)]))
    return { succeeded, ...storeOf(header), values }
  }

  async list(prefix: string, limitMs: number): Promise<Listing> {
    const { header, kvs } = await cleanly(limitMs, () =>
      this.#client.kv.range(rangeOf(prefix), within(limitMs)),
    )
    return { ...storeOf(header), values: new Map(kvs.map((pair) => [pair.key.toString(), storedIn(pair)])) }
  }

  /** @param id of our choice, so that asking twice grants one */
  async grantLease(id: string, ttlSeconds: number, limitMs: number): Promise<void> {
    const request = { ID: decimal(id), TTL: ttlSeconds }
    await cleanly(limitMs, () =>
      this.#client.leaseClient.leaseGrant(request, within(limitMs)).catch((error: unknown) => {
        if (!(error instanceof GRPCFailedPreconditionError && /lease already exists/.test(error.message)))
          throw error
      }),
    )
  }

  /** @returns whether it still lives */
  async keepLease(id: string, limitMs: number): Promise<boolean> {
    return cleanly(limitMs, async () => {
      const stream = await this.#client.leaseClient.leaseKeepAlive(within(limitMs))
      const answer = Promise.withResolvers<boolean>()
      stream.on('data', ({ TTL }) => {
        answer.resolve(Number(TTL) > 0)
        stream.end()
      })
      stream.on('error', answer.reject)
      stream.on('end', () => answer.reject(new Error('the member ended the stream')))
      stream.write({ ID: decimal(id) })
      return answer.promise
    })
  }

  /** Harmless when it is gone. */
  async revokeLease(id: string, limitMs: number): Promise<void> {
    await cleanly(limitMs, () =>
      this.#client.leaseClient.leaseRevoke({ ID: decimal(id) }, within(limitMs)).catch((error: unknown) => {
        if (!(error instanceof EtcdLeaseInvalidError)) throw error
      }),
    )
  }

  async status(limitMs: number): Promise<Status> {
    const said = await cleanly(limitMs, () => this.#client.maintenance.status(within(limitMs)))
    return {
      memberId: hex(said.header.member_id),
      leaderId: said.leader === '0' ? undefined : hex(said.leader),
      raftTerm: Number(said.raftTerm),
      revision: Number(said.header.revision),
      version: said.version,
      dbBytes: Number(said.dbSize),
      alarms: said.errors.map(alarmIn),
    }
  }

  /** What the member knows of all members: id to name. */
  async memberNames(limitMs: number): Promise<Map<string, string>> {
    const { members } = await cleanly(limitMs, () => this.#client.cluster.memberList({}, within(limitMs)))
    return new Map(members.map(({ ID, name }) => [hex(ID), printable(name, 100)]))
  }

  /** To be asked of the member that leads. */
  async moveLeader(toMemberId: string, limitMs: number): Promise<void> {
    const request = { targetID: decimal(toMemberId) }
    await cleanly(limitMs, () => this.#client.maintenance.moveLeader(request, within(limitMs)))
  }

  /**
   * Hears what changes under a prefix from a revision on, until the stream breaks or is closed.
   * @param limitMs for logging in; the stream itself has none
   */
  async watch(prefix: string, fromRevision: number, hears: WatchEars, limitMs: number): Promise<WatchStream> {
    const stream = await cleanly(limitMs, () => this.#client.watchClient.watch())
    stream.on('data', (message) => heard(message, hears))
    stream.on('error', (error) => hears.broken(textOf(error, limitMs)))
    stream.on('end', () => hears.broken('the member ended the stream'))
    stream.write({ create_request: { ...rangeOf(prefix), start_revision: fromRevision } })
    return { ask: () => stream.write({ progress_request: {} }), close: () => stream.cancel() }
  }

  /** Calls in progress come to their end. */
  close(): void {
    this.#client.close()
  }
}

export interface WatchEars {
  /** Anything came; `revision` is what the member's store has reached. */
  alive(clusterId: string, revision: number): void
  /** All changes of one or more revisions. */
  changed(changes: Change[]): void
  /** What came after `fromRevision` is no longer kept. */
  compacted(): void
  /** Nothing more comes. May be called again. */
  broken(why: string): void
}

export interface WatchStream {
  /** Asks for a sign of life. */
  ask: () => void
  close: () => void
}

function heard(message: IWatchResponse, hears: WatchEars): void {
  const { clusterId, revision } = storeOf(message.header)
  hears.alive(clusterId, revision)
  if (message.canceled && message.compact_revision !== '0') return hears.compacted()
  if (message.canceled) return hears.broken(`cancelled: ${printable(message.cancel_reason, 200)}`)
  if (message.events.length === 0) return
  hears.changed(
    message.events.map(({ type, kv }) => ({
      key: kv.key.toString(),
      value: type === 'Put' ? kv.value.toString() : undefined,
      modRevision: Number(kv.mod_revision),
    })),
  )
}

const loginLimitMs = 2_000

const channelOptions = {
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
}

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>

/** Does what it is asked, once. */
const asItIs: Policy = {
  execute: async (call) => call({ signal: new AbortController().signal }),
  onSuccess: () => ({ dispose() {} }),
  onFailure: () => ({ dispose() {} }),
  _altReturn: undefined as never,
}

const within = (limitMs: number) => ({ deadline: Date.now() + limitMs })

/** Errors leave as ours. */
async function cleanly<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw cleaned(error, limitMs)
  }
}

const cleaned = (error: unknown, limitMs: number) =>
  error instanceof EtcdLeaseInvalidError ? new LeaseGone() : new Error(textOf(error, limitMs))

function textOf(error: unknown, limitMs: number): string {
  if (error instanceof GRPCDeadlineExceededError) return noAnswer(limitMs)
  const bare = messageOf(error)
    .replace(/^(?:\w+: )?\d+ [A-Z_]+: /, '')
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? Resolution note: *$/, '')
  return printable(bare, 200)
}

/** Said as `memberID:1234 alarm:NOSPACE ` or `etcdserver: no leader`. */
const alarmIn = (text: string) =>
  printable(text.replace(/^memberID:\d+ alarm:|^etcdserver: /, '').trim(), 100)

const comparison = (compare: Compare): ICompare => {
  const { key } = compare
  const on = { result: 'Equal', key: bytes(key) } as const
  return 'value' in compare
    ? { ...on, target: 'Value', value: bytes(compare.value) }
    : { ...on, target: 'Mod', mod_revision: compare.modRevision }
}

/** All keys that begin so: up to the one whose last byte is one more. */
function rangeOf(prefix: string): { key: Buffer; range_end: Buffer } {
  const [key, end] = [bytes(prefix), bytes(prefix)]
  end[end.length - 1] = (end.at(-1) ?? 0) + 1
  return { key, range_end: end }
}

const storeOf = ({ cluster_id, revision }: IResponseHeader) => ({
  clusterId: hex(cluster_id),
  revision: Number(revision),
})
const storedIn = ({ value, mod_revision }: IKeyValue): Held => ({
  value: value.toString(),
  modRevision: Number(mod_revision),
})
const firstOf = (pairs: readonly IKeyValue[] = []) =>
  pairs[0] === undefined ? undefined : storedIn(pairs[0])

const bytes = (text: string) => Buffer.from(text)
const hex = (id: string) => BigInt(id).toString(16)
const decimal = (id: string) => BigInt(`0x${id}`).toString()
