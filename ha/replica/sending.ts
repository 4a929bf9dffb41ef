import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import type { Tip } from '../../lib/users/store/journal-lines.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import { Exchange } from './exchange.ts'
import { protocolVersion, type Hello, type Message } from './messages.ts'
import type { Pace } from './pacer.ts'
import { Stream } from './stream.ts'
import { Wire } from './wire.ts'

/** What the active node wants to know of the one that follows. */
export interface FollowerEvents {
  /** It follows from there on. */
  onFollows: (tip: number) => void
  /** It has to become what this node is first. */
  onSeeding: () => void
  onStored: (seq: number) => void
  onCompared: (isEqual: boolean) => void
  onClosed: (why: string) => void
}

export interface SendingParts extends FollowerEvents {
  socket: TLSSocket
  twin: Twin
  clock: Clock
  log: Log
  uuid: string
  /** Name of the node that may follow. */
  other: string
  epoch: number
  pace: Pace
}

const entriesAtOnce = 500

/** The active node's end of a connection. */
export class Sending {
  readonly #parts: SendingParts
  readonly #wire: Wire
  readonly #exchange: Exchange
  readonly #stream: Stream
  #state: 'new' | 'seeding' | 'following' = 'new'
  #followsSince: number | undefined

  constructor(parts: SendingParts) {
    const { socket, clock, twin, pace } = parts
    this.#parts = parts
    this.#wire = new Wire({
      socket,
      clock,
      onMessage: (message, body) => this.#hear(message, body),
      onClosed: (why) => this.#closed(why),
    })
    this.#exchange = new Exchange({ wire: this.#wire, pace, read: (wanted) => twin.content(wanted) })
    this.#stream = new Stream({ wire: this.#wire, twin, clock })
  }

  get isFollowing(): boolean {
    return this.#state === 'following' && !this.#wire.isClosed
  }

  /** How long the standby has followed. */
  get followedMs(): number {
    return this.#followsSince === undefined ? 0 : this.#parts.clock.now() - this.#followsSince
  }

  get exchange(): Pick<Exchange, 'ask'> {
    return this.#exchange
  }

  /** Has both nodes compare what stands. */
  compare(): void {
    this.#stream.compareNow()
  }

  dismiss(why: string): void {
    this.#wire.dismiss(why)
  }

  #hear(message: Message, body: Buffer): void {
    if (this.#state === 'new') {
      if (message.type !== 'hello') throw new Error(`it said ${message.type} before hello`)
      return this.#greet(message)
    }
    switch (message.type) {
      case 'ack':
        return this.#stored(message.seq)
      case 'start':
        return this.#start(message.tip)
      case 'fetch':
        return this.#inBackground(this.#exchange.give(message))
      case 'content':
        return this.#exchange.begin(message, body)
      case 'piece':
        return this.#exchange.add(message.of, body)
      case 'compared':
        return this.#parts.onCompared(message.isEqual)
      case 'hello':
      case 'welcome':
      case 'seed':
      case 'entries':
      case 'batch':
      case 'compare':
      case 'bye':
      case 'ping':
        throw new Error(`the standby has no business to say ${message.type}`)
    }
  }

  #greet(hello: Hello): void {
    this.#check(hello)
    const { epoch, twin } = this.#parts
    if (!hello.reseed && twin.after(hello.tip, 0) !== undefined) {
      this.#wire.send({ type: 'welcome', epoch })
      return this.#start(hello.tip)
    }
    this.#state = 'seeding'
    this.#parts.onSeeding()
    this.#inBackground(this.#seed(hello))
  }

  #check({ version, uuid, node, epoch }: Hello): void {
    const mine = this.#parts
    if (version !== protocolVersion)
      throw new Error(`${mine.other} speaks version ${version}, this node ${protocolVersion}; update both`)
    if (uuid !== mine.uuid) throw new Error(`${mine.other} is of another pair (${uuid})`)
    if (node !== mine.other) throw new Error(`it calls itself ${node}, and its certificate ${mine.other}`)
    if (epoch > mine.epoch) throw new Error(`epoch ${mine.epoch} is over: ${mine.other} knows of ${epoch}`)
  }

  async #seed({ tip, reign }: Hello): Promise<void> {
    const { twin, epoch, log } = this.#parts
    const common = twin.commonWith({ tip, epoch: reign })
    const { entries, ...snapshot } = twin.snapshot()
    log.info({ theirs: tip.seq, common, ours: snapshot.tip.seq }, 'standby is seeded')
    const reigns = [...snapshot.reigns]
    this.#wire.send({ type: 'seed', epoch, ...snapshot, reigns, common, entries: entries.length })
    for (let from = 0; from < entries.length; from += entriesAtOnce) {
      await this.#wire.hasRoom()
      const some = entries.slice(from, from + entriesAtOnce).map(({ record }) => ({ record }))
      this.#wire.send({ type: 'entries', entries: some })
    }
  }

  #start(tip: Tip): void {
    const { twin, clock, onFollows } = this.#parts
    if (this.#state === 'following') throw new Error('it starts twice')
    if (twin.after(tip, 0) === undefined) throw new Error('it must be seeded once more')
    this.#state = 'following'
    this.#followsSince = clock.now()
    onFollows(tip.seq)
    this.#inBackground(this.#stream.run(tip))
  }

  #stored(seq: number): void {
    if (seq > this.#parts.twin.tip.seq) throw new Error(`it has record ${seq}, which never was`)
    this.#stream.stored(seq)
    this.#parts.onStored(seq)
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#wire.dismiss(messageOf(error)))
  }

  #closed(why: string): void {
    this.#exchange.close(why)
    this.#stream.wake()
    this.#parts.onClosed(why)
  }
}
