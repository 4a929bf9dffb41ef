import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Entry, FileEntry } from '../../lib/users/store/file-record.ts'
import type { Tip } from '../../lib/users/store/journal-lines.ts'
import { parseBatch, parseEntries } from '../../lib/users/twin/foreign-entries.ts'
import type { ReseedProgress } from '../../lib/users/twin/reseed.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import { Exchange } from './exchange.ts'
import {
  protocolVersion,
  type BatchMessage,
  type Compare,
  type Message,
  type Seed,
  type Welcome,
} from './messages.ts'
import { Pieces } from './pieces.ts'
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
  pace: (bytes: number) => Promise<void>
  onFollowing: () => void
  onProgress: (progress: ReseedProgress | undefined) => void
  onCompared: (isEqual: boolean, files: number) => void
}

interface Coming {
  entries: Entry[]
  bodies: BatchMessage['bodies']
  content: Pieces
}

/** So much may be on its way to the disk; then the other node has to wait. */
const mostBatches = 256
const mostBytes = 67_108_864
/** As large as a file laid into the folder by hand may be. */
const largestContent = 268_435_456

/** The standby's end of a connection: does here what happened on the active node, and says how far it is. */
export class Receiving {
  readonly #parts: ReceivingParts
  readonly #wire: Wire
  readonly #exchange: Exchange
  readonly #ended = Promise.withResolvers<string>()
  readonly #cut = new AbortController()
  #epoch = 0
  #state: 'new' | 'seeding' | 'following' = 'new'
  #coming: Coming | undefined
  #seed: { order: Seed; entries: FileEntry[] } | undefined
  #batches = 0
  #bytes = 0
  /** What was asked of the store last; everything is answered in order. */
  #last: Promise<void> = Promise.resolve()
  #work: Promise<void> = Promise.resolve()

  constructor(parts: ReceivingParts) {
    const { socket, clock, twin, pace } = parts
    this.#parts = parts
    this.#wire = new Wire({
      socket,
      clock,
      onMessage: (message, body) => this.#hear(message, body),
      onClosed: (why) => this.#closed(why),
    })
    this.#exchange = new Exchange({ wire: this.#wire, pace, read: (wanted) => twin.content(wanted) })
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
    await this.#last.catch(() => {})
    await this.#work.catch(() => {})
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
      ...{ type: 'hello', version: protocolVersion, uuid, node, tip: twin.tip },
      epoch: Math.max(epoch, reign ?? 0),
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
        return this.#beginBatch(message, body)
      case 'piece':
        return message.of === 0 ? this.#addToBatch(body) : this.#exchange.add(message.of, body)
      case 'content':
        return this.#exchange.begin(message, body)
      case 'fetch':
        return this.#watch(this.#exchange.give(message))
      case 'compare':
        return this.#compare(message)
      default:
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
    const parsed = parseEntries(entries)
    for (const entry of parsed) if (entry.record.op !== 'void') seed.entries.push(entry as FileEntry)
    if (seed.entries.length < seed.order.entries) return
    this.#seed = undefined
    this.#work = this.#reseed(seed.order, seed.entries)
    this.#watch(this.#work)
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
    log.info({ files: entries.length, ms: Math.round(clock.now() - startedAt) }, 'user data made equal')
    this.#state = 'following'
    this.#wire.send({ type: 'start', tip: twin.tip })
    onFollowing()
  }

  #beginBatch({ entries, bodies }: BatchMessage, body: Buffer): void {
    this.#mustBe('following')
    if (this.#coming !== undefined) throw new Error('a batch before the one before is whole')
    const parsed = parseBatch(entries)
    for (const { record } of parsed)
      if ((record.epoch ?? 0) > this.#epoch) throw new Error(`record ${record.seq} is of a later epoch`)
    const size = bodies.reduce((sum, each) => sum + each.size, 0)
    if (size > 2 * largestContent) throw new Error(`a batch of ${size} bytes is too large`)
    this.#coming = { entries: parsed, bodies, content: new Pieces(size) }
    this.#addToBatch(body)
  }

  #addToBatch(piece: Buffer): void {
    const coming = this.#coming
    if (coming === undefined) throw new Error('a piece of nothing')
    coming.content.add(piece)
    if (!coming.content.isWhole) return
    this.#coming = undefined
    this.#follow(coming)
  }

  #follow({ entries, bodies, content }: Coming): void {
    const whole = content.content()
    let at = 0
    const contents = new Map(bodies.map(({ seq, size }) => [seq, whole.subarray(at, (at += size))]))
    this.#count(1, whole.length)
    const done = this.#parts.twin.follow(entries, contents)
    done.catch(() => {}) // where one before it failed, nobody waits for it
    const seq = entries.at(-1)?.record.seq ?? 0
    this.#inOrder(async () => {
      await done
      this.#count(-1, -whole.length)
      this.#wire.send({ type: 'ack', seq })
    })
  }

  /** What comes after it waits, so that it is clear what stands. */
  #compare({ tip, root, files }: Compare): void {
    this.#mustBe('following')
    this.#wire.pause()
    this.#inOrder(async () => {
      const mine = this.#parts.twin.root()
      const isEqual = mine !== undefined && isSame(mine.tip, tip) && mine.root === root
      this.#wire.send({ type: 'compared', isEqual })
      this.#parts.onCompared(isEqual, files)
      this.#wire.resume()
    })
  }

  /** What the store was asked for ends in any order, and is answered in the order in which it came. */
  #inOrder(task: () => Promise<void>): void {
    this.#last = this.#last.then(task)
    this.#watch(this.#last)
  }

  #count(batches: number, bytes: number): void {
    this.#batches += batches
    this.#bytes += bytes
    if (this.#batches > mostBatches || this.#bytes > mostBytes) this.#wire.pause()
    else if (batches < 0) this.#wire.resume()
  }

  #mustBe(state: 'new' | 'seeding' | 'following'): void {
    if (this.#state !== state) throw new Error(`the active node said this while ${this.#state}`)
  }

  /** What fails here ends the connection, and is its reason. */
  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => this.#wire.dismiss(error instanceof Error ? error.message : String(error)))
  }

  #closed(why: string): void {
    this.#cut.abort(new Error(why))
    this.#exchange.close(why)
    this.#ended.resolve(why)
  }
}

const isSame = (a: Tip, b: Tip) => a.seq === b.seq && a.hash === b.hash
