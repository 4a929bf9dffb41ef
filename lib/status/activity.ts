import type { Clock } from '../base/clock.ts'
import type { PhoneTraits } from '../base/phone-traits.ts'
import { printable } from '../base/printable.ts'
import type { Protocol } from '../base/protocol.ts'

export interface TransferStart {
  protocol: Protocol
  /** Canonical address of the phone. */
  address: string
  /** The local port that was asked. */
  port: number
  /** The name as the phone asked for it; made printable here, as all foreign text is. */
  asked: string
  phone?: PhoneTraits
  /** The phone sends and we store: `bytes` and `sent` are what came in. */
  upload?: boolean
}

/**
 * `unchanged`: the phone already had it (304). `stored`: we took a file from the phone. `removed`: we took one away.
 * `broken`: the phone or we gave up in the middle.
 */
export const transferResults = ['sent', 'unchanged', 'stored', 'removed', 'refused', 'broken'] as const
export type TransferResult = (typeof transferResults)[number]

export interface TransferEnd {
  result: TransferResult
  /** Bytes of the file that were sent, or that came in. */
  bytes: number
  /** The refusal's reason, or why it broke. */
  reason?: string
  /** A sentence for the administrator: what was wrong, what there is instead. */
  detail?: string
  /** The protocol's own code: HTTP status, TFTP error. */
  code?: number
  /** Name of the file on disk. */
  file?: string
  etag?: string
  /** settings, upgrade, firmware, ... (lib/files/file-kind.ts) */
  kind?: string
  /** A refused phone was given the `fxd_` file instead. */
  fallback?: boolean
  /** Packets sent again (TFTP). */
  retries?: number
  /** Learned only during the transfer. */
  phone?: PhoneTraits
}

/** A request from its first byte to its outcome. */
export interface Transfer extends Readonly<TransferStart> {
  readonly id: number
  /** Wall clock, milliseconds since 1970. */
  readonly startedAt: number
  /** Bytes of the file, once known. */
  size: number | undefined
  /** Bytes handed to the network so far, or that came in. */
  sent: number
}

/** A transfer that is over. */
export interface FinishedTransfer extends Readonly<TransferStart>, Readonly<TransferEnd> {
  readonly id: number
  readonly startedAt: number
  readonly ms: number
}

/** What doors do with a transfer they began: keep `size` and `sent` up to date, and end it exactly once. */
export interface TransferHandle {
  size: number | undefined
  sent: number
  end(end: TransferEnd): void
}

export type TransferListener = (finished: FinishedTransfer) => void

/** The watchdog's transfers, which are no phone's: nobody but `onProbe` hears of them. */
export interface ProbeTold {
  isProbe?: (start: TransferStart) => boolean
  onProbe?: TransferListener
}

/** What is being transferred now, and word of each transfer that ends. */
export class Activity {
  readonly #clock: Clock
  readonly #isProbe: (start: TransferStart) => boolean
  readonly #onProbe: TransferListener
  readonly #active = new Map<number, RunningTransfer>()
  readonly #listeners = new Set<TransferListener>()
  #lastId = 0

  constructor(clock: Clock, { isProbe = () => false, onProbe = () => {} }: ProbeTold = {}) {
    this.#clock = clock
    this.#isProbe = isProbe
    this.#onProbe = onProbe
  }

  begin(start: TransferStart): TransferHandle {
    if (this.#isProbe(start)) return new RunningTransfer(++this.#lastId, start, this.#clock, this.#onProbe)
    const transfer = new RunningTransfer(++this.#lastId, start, this.#clock, (finished) =>
      this.#end(finished),
    )
    this.#active.set(transfer.id, transfer)
    return transfer
  }

  /** Transfers under way, oldest first. */
  active(): Transfer[] {
    return [...this.#active.values()]
  }

  /** Calls `listener` with each transfer that ends, until the returned function is called. */
  onFinished(listener: TransferListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #end(finished: FinishedTransfer): void {
    this.#active.delete(finished.id)
    for (const listener of this.#listeners) listener(finished)
  }
}

class RunningTransfer implements Transfer, TransferHandle {
  readonly id: number
  readonly protocol: Protocol
  readonly address: string
  readonly port: number
  readonly asked: string
  readonly phone?: PhoneTraits
  readonly upload?: boolean
  readonly startedAt: number
  size: number | undefined = undefined
  sent = 0
  readonly #clock: Clock
  readonly #begunAt: number
  #onEnd: TransferListener | undefined

  constructor(id: number, start: TransferStart, clock: Clock, onEnd: TransferListener) {
    this.id = id
    this.protocol = start.protocol
    this.address = start.address
    this.port = start.port
    this.asked = printable(start.asked)
    if (start.phone !== undefined) this.phone = printableTraits(start.phone)
    if (start.upload === true) this.upload = true
    this.startedAt = clock.wallTime().getTime()
    this.#clock = clock
    this.#begunAt = clock.now()
    this.#onEnd = onEnd
  }

  end(end: TransferEnd): void {
    const tell = this.#onEnd
    if (tell === undefined) throw new Error(`transfer ${this.id} of ${this.asked} was ended twice`)
    this.#onEnd = undefined
    const { id, protocol, address, port, asked, startedAt, upload } = this
    const phone = end.phone === undefined ? this.phone : { ...this.phone, ...printableTraits(end.phone) }
    const ms = Math.round((this.#clock.now() - this.#begunAt) * 10) / 10
    tell({
      ...end,
      id,
      protocol,
      address,
      port,
      asked,
      startedAt,
      ms,
      ...(phone === undefined ? {} : { phone }),
      ...(upload === undefined ? {} : { upload }),
      ...(end.detail === undefined ? {} : { detail: printable(end.detail, longestDetail) }),
    })
  }
}

const longestDetail = 1_000

const printableTraits = (traits: PhoneTraits): PhoneTraits =>
  Object.fromEntries(Object.entries(traits).map(([trait, text]) => [trait, printable(text)]))
