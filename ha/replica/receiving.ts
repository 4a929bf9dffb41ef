import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import type { FileEntry } from '../../lib/users/store/file-record.ts'
import { parseEntries } from '../../lib/users/twin/foreign-entries.ts'
import type { ReseedProgress } from '../../lib/users/twin/reseed.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import { Exchange } from './exchange.ts'
import { Incoming } from './incoming.ts'
import { protocolVersion, type Message, type Seed, type Welcome } from './messages.ts'
import type { Pace } from './pacer.ts'
import { Wire } from './wire.ts'

/** Why the standby wants everything anew. */
export interface Resync {
  why: string
  /** What was changed by hand is replaced, too. */
  overDrift: boolean
}

export interface ReceivingParts {
  socket: TLSSocket
  twin: Twin
  clock: Clock
  log: Log
  uuid: string
  node: string
  /** The highest epoch this node has heard of. */
  epoch: number
  resync: Resync | undefined
  pace: Pace
  onFollowing: () => void
  onProgress: (progress: ReseedProgress | undefined) => void
  onCompared: (isEqual: boolean, files: number) => void
}

/** The standby's end of a connection: does here what happened on the active node, and says how far it is. */
export class Receiving {
  readonly #parts: ReceivingParts
  readonly #wire: Wire
  readonly #exchange: Exchange
  readonly #incoming: Incoming
  readonly #ended = Promise.withResolvers<string>()
  readonly #cut = new AbortController()
  #epoch = 0
  #state: 'new' | 'seeding' | 'following' = 'new'
  #seed: { order: Seed; entries: FileEntry[] } | undefined
  #reseeding: Promise<void> = Promise.resolve()

  constructor(parts: ReceivingParts) {
    const { socket, clock, twin, pace, onCompared } = parts
    this.#parts = parts
    this.#wire = new Wire({
      socket,
      clock,
      onMessage: (message, body) => this.#hear(message, body),
      onClosed: (why) => this.#closed(why),
    })
    const wire = this.#wire
    const onFailure = (error: unknown) => this.#failed(error)
    this.#exchange = new Exchange({ wire, pace, read: (wanted) => twin.content(wanted) })
    this.#incoming = new Incoming({ wire, twin, epoch: () => this.#epoch, onFailure, onCompared })
    this.#greet()
  }

  get isFollowing(): boolean {
    return this.#state === 'following' && !this.#wire.isClosed
  }

  get exchange(): Pick<Exchange, 'ask'> {
    return this.#exchange
  }

  /** @returns why the connection ended, once nothing of it is under way any more */
  async ended(): Promise<string> {
    const why = await this.#ended.promise
    await this.#incoming.idle()
    await this.#reseeding.catch(() => {})
    await this.#parts.twin.ended()
    return why
  }

  dismiss(why: string): void {
    this.#wire.dismiss(why)
  }

  #greet(): void {
    const { twin, uuid, node, epoch, resync } = this.#parts
    const reign = twin.epoch
    this.#wire.send({
      type: 'hello',
      version: protocolVersion,
      uuid,
      node,
      epoch: Math.max(epoch, reign ?? 0),
      tip: twin.tip,
      ...(reign === undefined ? {} : { reign }),
      reseed: resync !== undefined,
    })
  }

  #hear(message: Message, body: Buffer): void {
    switch (message.type) {
      case 'welcome':
        return this.#welcome(message)
      case 'seed':
        return this.#beginSeed(message)
      case 'entries':
        return this.#addEntries(message.entries)
      case 'batch':
        this.#mustBe('following')
        return this.#incoming.begin(message, body)
      case 'piece':
        return message.of === 0 ? this.#incoming.add(body) : this.#exchange.add(message.of, body)
      case 'content':
        return this.#exchange.begin(message, body)
      case 'fetch':
        return this.#watch(this.#exchange.give(message))
      case 'compare':
        this.#mustBe('following')
        return this.#incoming.compare(message)
      case 'hello':
      case 'start':
      case 'ack':
      case 'compared':
      case 'bye':
      case 'ping':
        throw new Error(`the active node has no business to say ${message.type}`)
    }
  }

  #welcome({ epoch }: Welcome): void {
    this.#accept(epoch)
    this.#state = 'following'
    this.#parts.onFollowing()
  }

  #accept(epoch: number): void {
    this.#mustBe('new')
    if (epoch < this.#parts.epoch)
      throw new Error(`epoch ${epoch} is over: this node knows of ${this.#parts.epoch}`)
    this.#epoch = epoch
  }

  #beginSeed(order: Seed): void {
    this.#accept(order.epoch)
    this.#state = 'seeding'
    this.#seed = { order, entries: [] }
    this.#addEntries([])
  }

  #addEntries(entries: unknown[]): void {
    this.#mustBe('seeding')
    const seed = this.#seed
    if (seed === undefined) throw new Error('entries that were not announced')
    for (const entry of parseEntries(entries))
      if (entry.record.op !== 'void') seed.entries.push({ record: entry.record })
    if (seed.entries.length < seed.order.entries) return
    this.#seed = undefined
    this.#reseeding = this.#reseed(seed.order, seed.entries)
    this.#watch(this.#reseeding)
  }

  async #reseed({ tip, reigns, common }: Seed, entries: FileEntry[]): Promise<void> {
    const { twin, resync, onProgress, onFollowing, log, clock } = this.#parts
    const startedAt = clock.now()
    try {
      await twin.reseed({
        snapshot: { tip, reigns, entries },
        common,
        epoch: twin.epoch ?? 0,
        overDrift: resync?.overDrift === true,
        fetch: (wanted) => this.#exchange.ask(wanted),
        signal: this.#cut.signal,
        onProgress,
      })
    } finally {
      onProgress(undefined)
    }
    const ms = Math.round(clock.now() - startedAt)
    log.info({ files: entries.length, ms }, 'user data made equal')
    this.#state = 'following'
    this.#wire.send({ type: 'start', tip: twin.tip })
    onFollowing()
  }

  #mustBe(state: 'new' | 'seeding' | 'following'): void {
    if (this.#state !== state) throw new Error(`the active node said this while ${this.#state}`)
  }

  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => this.#failed(error))
  }

  /** It is the reason for the other node, too. */
  #failed(error: unknown): void {
    this.#wire.dismiss(messageOf(error))
  }

  #closed(why: string): void {
    this.#cut.abort(new Error(why))
    this.#exchange.close(why)
    this.#ended.resolve(why)
  }
}
