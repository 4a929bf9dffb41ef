import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Tip } from '../../lib/users/store/journal-lines.ts'
import type { Batch } from '../../lib/users/store/recent.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import { Exchange } from './exchange.ts'
import { pieceBytes } from './frames.ts'
import { protocolVersion, type Hello, type Message } from './messages.ts'
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
  pace: (bytes: number) => Promise<void>
}

/** Batches read from disk at a time, and contents on their way that are not acknowledged yet. */
const batchesAtOnce = 64
const bytesAtOnce = 16_777_216
const mostUnstoredBytes = 67_108_864
const entriesAtOnce = 500
const compareEveryMs = 60_000

/** The active node's end of a connection: sends what happens, in order, and hears how far the other node is. */
export class Sending {
  readonly #parts: SendingParts
  readonly #wire: Wire
  readonly #exchange: Exchange
  readonly #unstored: { seq: number; bytes: number }[] = []
  #unstoredBytes = 0
  #state: 'new' | 'seeding' | 'following' = 'new'
  #isWoken = false
  #resume = () => {}
  #comparedAt: number
  #compareNow = false
  #forget = () => {}

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
    this.#comparedAt = clock.now()
  }

  get isFollowing(): boolean {
    return this.#state === 'following' && !this.#wire.isClosed
  }

  get hasFollowed(): boolean {
    return this.#state === 'following'
  }

  get exchange(): Pick<Exchange, 'ask'> {
    return this.#exchange
  }

  /** Has both nodes compare what stands, as soon as nothing is on its way. */
  compare(): void {
    this.#compareNow = true
    this.#wake()
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
      default:
        throw new Error(`the standby has no business to say ${message.type}`)
    }
  }

  #greet(hello: Hello): void {
    const { uuid, other, epoch, twin } = this.#parts
    if (hello.version !== protocolVersion)
      throw new Error(`${other} speaks version ${hello.version}, this node ${protocolVersion}; update both`)
    if (hello.uuid !== uuid) throw new Error(`${other} is of another pair (${hello.uuid})`)
    if (hello.node !== other) throw new Error(`it calls itself ${hello.node}, and its certificate ${other}`)
    if (hello.epoch > epoch) throw new Error(`epoch ${epoch} is over: ${other} knows of ${hello.epoch}`)
    if (!hello.reseed && twin.after(hello.tip, 0) !== undefined) {
      this.#wire.send({ type: 'welcome', epoch })
      return this.#start(hello.tip)
    }
    this.#state = 'seeding'
    this.#parts.onSeeding()
    this.#inBackground(this.#seed(hello))
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
    const { twin, onFollows } = this.#parts
    if (this.#state === 'following') throw new Error('it starts twice')
    if (twin.after(tip, 0) === undefined) throw new Error('it must be seeded once more')
    this.#state = 'following'
    onFollows(tip.seq)
    this.#inBackground(this.#stream(tip))
  }

  async #stream(from: Tip): Promise<void> {
    const { twin } = this.#parts
    this.#forget = twin.onSettled(() => this.#wake())
    for (let tip = from; !this.#wire.isClosed;) {
      this.#isWoken = false
      const batches = upTo(bytesAtOnce, twin.after(tip, batchesAtOnce))
      if (batches === undefined) throw new Error('it fell too far behind, and must be seeded once more')
      const bodies = await Promise.all(batches.map((batch) => this.#bodiesOf(batch)))
      for (const [index, batch] of batches.entries()) {
        await this.#send(batch, bodies[index] ?? [])
        tip = batch.tip
      }
      if (batches.length === 0 && !this.#compared(tip)) await this.#woken()
    }
  }

  async #bodiesOf({ entries }: Batch): Promise<{ seq: number; content: Buffer }[]> {
    const bodies: { seq: number; content: Buffer }[] = []
    for (const { record } of entries) {
      const content = record.op === 'put' ? await this.#parts.twin.content(record) : undefined
      if (content !== undefined) bodies.push({ seq: record.seq, content })
    }
    return bodies
  }

  async #send(batch: Batch, bodies: readonly { seq: number; content: Buffer }[]): Promise<void> {
    const content = Buffer.concat(bodies.map((body) => body.content))
    while (this.#unstoredBytes > mostUnstoredBytes && !this.#wire.isClosed) {
      this.#isWoken = false
      await this.#woken()
    }
    this.#unstored.push({ seq: batch.tip.seq, bytes: content.length })
    this.#unstoredBytes += content.length
    await this.#wire.hasRoom()
    const entries = batch.entries.map(({ record }) => ({ record }))
    const sizes = bodies.map(({ seq, content: { length } }) => ({ seq, size: length }))
    this.#wire.send({ type: 'batch', entries, bodies: sizes }, content.subarray(0, pieceBytes))
    await this.#wire.sendRest(0, content, async () => {})
  }

  #stored(seq: number): void {
    while ((this.#unstored[0]?.seq ?? Infinity) <= seq)
      this.#unstoredBytes -= this.#unstored.shift()?.bytes ?? 0
    this.#wake()
    this.#parts.onStored(seq)
  }

  /** Only where nothing is on its way it is clear what stands. */
  #compared(tip: Tip): boolean {
    const { twin, clock } = this.#parts
    if (!this.#compareNow && clock.now() - this.#comparedAt < compareEveryMs) return false
    const root = twin.root()
    if (root?.tip.seq !== tip.seq) return false
    this.#comparedAt = clock.now()
    this.#compareNow = false
    this.#wire.send({ type: 'compare', ...root })
    return true
  }

  #wake(): void {
    this.#isWoken = true
    this.#resume()
  }

  /** Resolves once something has changed, and after a while anyway. */
  async #woken(): Promise<void> {
    if (this.#isWoken) return
    const woken = Promise.withResolvers<void>()
    this.#resume = woken.resolve
    const cancel = this.#parts.clock.after(compareEveryMs, woken.resolve)
    await woken.promise
    cancel()
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#wire.dismiss(error instanceof Error ? error.message : String(error)))
  }

  #closed(why: string): void {
    this.#forget()
    this.#exchange.close(why)
    this.#wake()
    this.#parts.onClosed(why)
  }
}

/** As many of the first ones as have that many bytes together, and one at least. */
function upTo(bytes: number, batches: readonly Batch[] | undefined): readonly Batch[] | undefined {
  let left = bytes
  return batches?.filter((batch, index) => {
    const fits = index === 0 || left > 0
    for (const { record } of batch.entries) if (record.op === 'put') left -= record.size
    return fits
  })
}
