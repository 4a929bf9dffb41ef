import type { Entry } from '../../lib/users/store/file-record.ts'
import type { Tip } from '../../lib/users/store/journal-lines.ts'
import { parseBatch } from '../../lib/users/twin/foreign-entries.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import type { BatchMessage, Compare } from './messages.ts'
import { Pieces } from './pieces.ts'
import type { Wire } from './wire.ts'

export interface IncomingParts {
  wire: Wire
  twin: Twin
  /** Of the active node: nothing of a later one is taken. */
  epoch: () => number
  /** What fails ends the connection. */
  onFailure: (error: unknown) => void
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
/** A file laid into the folder by hand may be half as large. */
const largestBatch = 536_870_912

/** What happened on the active node, as it comes: done here, and answered in the order in which it came. */
export class Incoming {
  readonly #parts: IncomingParts
  #coming: Coming | undefined
  #batches = 0
  #bytes = 0
  #last: Promise<void> = Promise.resolve()

  constructor(parts: IncomingParts) {
    this.#parts = parts
  }

  /** @throws Error for what is no batch */
  begin({ entries, bodies }: BatchMessage, body: Buffer): void {
    if (this.#coming !== undefined) throw new Error('a batch before the one before is whole')
    const parsed = parseBatch(entries)
    const epoch = this.#parts.epoch()
    for (const { record } of parsed)
      if ((record.epoch ?? 0) > epoch) throw new Error(`record ${record.seq} is of a later epoch`)
    const size = bodies.reduce((sum, each) => sum + each.size, 0)
    if (size > largestBatch) throw new Error(`a batch of ${size} bytes is too large`)
    this.#coming = { entries: parsed, bodies, content: new Pieces(size) }
    this.add(body)
  }

  /** @throws Error */
  add(piece: Buffer): void {
    const coming = this.#coming
    if (coming === undefined) throw new Error('a piece of nothing')
    coming.content.add(piece)
    if (!coming.content.isWhole) return
    this.#coming = undefined
    this.#follow(coming)
  }

  /** What comes after it waits, so that it is clear what stands. */
  compare({ tip, root, files }: Compare): void {
    const { wire, twin, onCompared } = this.#parts
    wire.pause()
    this.#inOrder(async () => {
      const mine = twin.root()
      const isEqual = mine !== undefined && isSame(mine.tip, tip) && mine.root === root
      wire.send({ type: 'compared', isEqual })
      onCompared(isEqual, files)
      wire.resume()
    })
  }

  /** Resolves once everything has been answered, or has failed. */
  async idle(): Promise<void> {
    await this.#last.catch(() => {})
  }

  #follow({ entries, bodies, content }: Coming): void {
    const { twin, wire } = this.#parts
    const whole = content.content()
    let at = 0
    const contents = new Map(bodies.map(({ seq, size }) => [seq, whole.subarray(at, (at += size))]))
    this.#count(1, whole.length)
    const done = twin.follow(entries, contents)
    done.catch(() => {}) // where one before it failed, nobody waits for it
    const seq = entries.at(-1)?.record.seq ?? 0
    this.#inOrder(async () => {
      await done
      this.#count(-1, -whole.length)
      wire.send({ type: 'ack', seq })
    })
  }

  #inOrder(task: () => Promise<void>): void {
    this.#last = this.#last.then(task)
    this.#last.catch((error: unknown) => this.#parts.onFailure(error))
  }

  #count(batches: number, bytes: number): void {
    this.#batches += batches
    this.#bytes += bytes
    if (this.#batches > mostBatches || this.#bytes > mostBytes) this.#parts.wire.pause()
    else if (batches < 0) this.#parts.wire.resume()
  }
}

const isSame = (a: Tip, b: Tip) => a.seq === b.seq && a.hash === b.hash
