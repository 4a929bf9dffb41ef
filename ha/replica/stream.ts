import type { Clock } from '../../lib/base/clock.ts'
import type { Tip } from '../../lib/users/store/journal-lines.ts'
import type { Batch } from '../../lib/users/store/recent.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import { pieceBytes } from './frames.ts'
import { noPace } from './pacer.ts'
import type { Wire } from './wire.ts'

export interface StreamParts {
  wire: Wire
  twin: Twin
  clock: Clock
}

interface Body {
  seq: number
  content: Buffer
}

/** Batches read from disk at a time, and contents on their way that are not acknowledged yet. */
const batchesAtOnce = 64
const bytesAtOnce = 16_777_216
const mostUnstoredBytes = 67_108_864
const compareEveryMs = 60_000

/** What happens on the active node, on its way to the standby: in order, each batch once it is complete here. */
export class Stream {
  readonly #parts: StreamParts
  readonly #unstored: { seq: number; bytes: number }[] = []
  #unstoredBytes = 0
  #isWoken = false
  #resume = () => {}
  #comparedAt: number
  #compareNow = false

  constructor(parts: StreamParts) {
    this.#parts = parts
    this.#comparedAt = parts.clock.now()
  }

  /** Sends what comes after that record, until the connection ends. */
  async run(from: Tip): Promise<void> {
    const { twin, wire } = this.#parts
    const forget = twin.onSettled(() => this.wake())
    try {
      for (let tip = from; !wire.isClosed;) {
        this.#isWoken = false
        const sent = await this.#sendAfter(tip)
        if (sent !== undefined) tip = sent
        else if (!this.#compare(tip)) await this.#woken()
      }
    } finally {
      forget()
    }
  }

  /** The standby has everything up to that record. */
  stored(seq: number): void {
    while ((this.#unstored[0]?.seq ?? Infinity) <= seq)
      this.#unstoredBytes -= this.#unstored.shift()?.bytes ?? 0
    this.wake()
  }

  /** Has both nodes compare what stands, as soon as nothing is on its way. */
  compareNow(): void {
    this.#compareNow = true
    this.wake()
  }

  /** Something has changed: there may be more to send. */
  wake(): void {
    this.#isWoken = true
    this.#resume()
  }

  /** @returns where the standby is then; undefined: there was nothing to send */
  async #sendAfter(tip: Tip): Promise<Tip | undefined> {
    const batches = upTo(bytesAtOnce, this.#parts.twin.after(tip, batchesAtOnce))
    if (batches === undefined) throw new Error('it fell too far behind, and must be seeded once more')
    const bodies = await Promise.all(batches.map((batch) => this.#bodiesOf(batch)))
    for (const [index, batch] of batches.entries()) await this.#send(batch, bodies[index] ?? [])
    return batches.at(-1)?.tip
  }

  async #bodiesOf({ entries }: Batch): Promise<Body[]> {
    const bodies: Body[] = []
    for (const { record } of entries) {
      const content = record.op === 'put' ? await this.#parts.twin.content(record) : undefined
      if (content !== undefined) bodies.push({ seq: record.seq, content })
    }
    return bodies
  }

  async #send(batch: Batch, bodies: readonly Body[]): Promise<void> {
    const { wire } = this.#parts
    const content = Buffer.concat(bodies.map((body) => body.content))
    await this.#roomFor(batch.tip.seq, content.length)
    const entries = batch.entries.map(({ record }) => ({ record }))
    const sizes = bodies.map(({ seq, content: { length } }) => ({ seq, size: length }))
    wire.send({ type: 'batch', entries, bodies: sizes }, content.subarray(0, pieceBytes))
    await wire.sendRest(0, content, noPace)
  }

  /** Neither the line nor the standby's disk is to be flooded. */
  async #roomFor(seq: number, bytes: number): Promise<void> {
    const { wire } = this.#parts
    while (this.#unstoredBytes > mostUnstoredBytes && !wire.isClosed) {
      this.#isWoken = false
      await this.#woken()
    }
    this.#unstored.push({ seq, bytes })
    this.#unstoredBytes += bytes
    await wire.hasRoom()
  }

  /** Only where nothing is on its way it is clear what stands. */
  #compare(tip: Tip): boolean {
    const { twin, clock, wire } = this.#parts
    if (!this.#compareNow && clock.now() - this.#comparedAt < compareEveryMs) return false
    const root = twin.root()
    if (root?.tip.seq !== tip.seq) return false
    this.#comparedAt = clock.now()
    this.#compareNow = false
    wire.send({ type: 'compare', ...root })
    return true
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
