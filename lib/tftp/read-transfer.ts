import { RoundTrip } from './round-trip.ts'

/**
 * The rules of sending a file (RFC 1350, 2347, 7440), without sockets, files or clocks: told what happened and when,
 * it answers what to do. Times are milliseconds of any one clock. Blocks are counted from 1 without rolling over;
 * block 0 is the OACK, which an acknowledgement of 0 answers.
 *
 * - A repeated acknowledgement is not answered with data: that would double every later packet (RFC 1123, 4.2.3.1).
 *   Only with a window it may tell that the window's first block was lost, and only while no block on the way was
 *   sent twice, for then it may as well be the echo of the second copy.
 * - Until the phone has answered, nobody knows that it asked: its address may be forged. Three packets, then silence.
 */

export interface TransferPlan {
  /** Bytes of the file. */
  size: number
  blockSize: number
  windowSize: number
  /** Begin with an OACK. */
  withOptions: boolean
  /** The first wait for an answer. */
  timeoutMs: number
  /** The phone asked for this wait, always the same. */
  exactTimeoutMs: number | undefined
  /** No progress for this long: the phone has gone. */
  giveUpMs: number
}

export type Step =
  | { do: 'send'; from: number; to: number } // these blocks, both included
  | { do: 'wait' } // until `deadline`
  | { do: 'done' }
  | { do: 'giveUp' }

const wait: Step = { do: 'wait' }
const mostUnasked = 3
/** That many losses in a row are less likely than that we do not wait long enough. */
const suspicious = 4

export class ReadTransfer {
  /** When to call `tick`, unless something happens before. Infinity while the next block is not at hand. */
  deadline = Infinity
  /** Packets sent more than once. */
  resent = 0
  /** The phone has answered at least once. */
  answered = false
  readonly #plan: TransferPlan
  readonly #last: number
  readonly #roundTrip: RoundTrip
  /** Highest block acknowledged, on the way, and ever sent. */
  #acked: number
  #sent: number
  #highest: number
  /** Highest block whose data are at hand. */
  #ready = 0
  /** Highest block on the way when blocks were sent again: up to here an acknowledgement may be an echo. */
  #doubtful = -1
  /** How often the block after `#acked` was sent, and when last. */
  #copies = 0
  #sentAt = 0
  /** How often we sent without having been asked or answered. */
  #unasked = 0
  /** Answers in a row that were to one of several copies, we cannot tell which. */
  #unclear = 0
  #progressAt: number

  constructor(plan: TransferPlan, now: number) {
    this.#plan = plan
    this.#last = Math.floor(plan.size / plan.blockSize) + 1
    this.#roundTrip = new RoundTrip(plan.timeoutMs)
    this.#acked = this.#sent = this.#highest = plan.withOptions ? -1 : 0
    this.#progressAt = now
  }

  /** Bytes of the file that the phone has for certain. */
  get ackedBytes(): number {
    return Math.min(this.#plan.size, Math.max(0, this.#acked) * this.#plan.blockSize)
  }

  /** Everything was sent; acknowledgements are missing. */
  get isAtEnd(): boolean {
    return this.#sent === this.#last
  }

  /** The data of blocks up to `block` are at hand. The first such call begins the transfer. */
  ready(block: number, now: number): Step {
    this.#ready = block
    if (this.#sent >= Math.min(this.#windowEnd, this.#ready)) return wait
    this.#progressAt = now // it was not the phone that kept us waiting
    return this.#sent === this.#acked ? this.#sendNext(now) : this.#send(this.#sent + 1, now)
  }

  /** An acknowledgement came; `number` is the 16-bit block number it carries. */
  ack(number: number, now: number): Step {
    const ahead = (number - this.#acked) & 0xffff
    if (ahead === 0) return this.#repeated(now)
    // Anything else is older than what is awaited, or was never sent.
    if (ahead > this.#sent - this.#acked) return wait
    this.#measure(now)
    // Within the window: the phone lost the block after it and takes no later one. Go on from there (RFC 7440, 4).
    if (ahead < this.#sent - this.#acked) this.#doubtful = this.#sent
    this.#acked += ahead
    this.#sent = this.#acked
    this.#progressAt = now
    this.answered = true
    return this.#acked === this.#last ? { do: 'done' } : this.#sendNext(now)
  }

  /** It is `now`, and nothing else happened. */
  tick(now: number): Step {
    if (now < this.deadline) return wait
    if (now >= this.#givesUpAt) return { do: 'giveUp' }
    if (!this.answered && this.#unasked >= mostUnasked) {
      this.deadline = this.#givesUpAt
      return wait
    }
    this.#unasked += 1
    return this.#sendAgain(now)
  }

  /** The same request came once more: our first packet was lost or is late. */
  askedAgain(now: number): Step {
    return this.answered || this.#sent === this.#acked ? wait : this.#sendAgain(now)
  }

  #repeated(now: number): Step {
    const tellsOfLoss = this.#plan.windowSize > 1 && this.answered && this.#acked > this.#doubtful
    return tellsOfLoss && this.#sent > this.#acked ? this.#sendAgain(now) : wait
  }

  /** Karn's rule: the answer to a packet sent more than once does not tell how long it took. */
  #measure(now: number): void {
    if (this.#copies === 1) {
      this.#unclear = 0
      return this.#roundTrip.took(now - this.#sentAt)
    }
    this.#unclear += 1
    const isTooLateForLastCopy = now - this.#sentAt > this.#roundTrip.waitMs(1)
    if (isTooLateForLastCopy || this.#unclear >= suspicious) this.#roundTrip.wasTooShort()
  }

  #sendNext(now: number): Step {
    this.#copies = 1
    if (this.#unasked === 0) this.#unasked = 1
    return this.#send(this.#sent + 1, now)
  }

  #sendAgain(now: number): Step {
    this.#copies += 1
    this.#doubtful = this.#sent
    return this.#send(this.#acked + 1, now)
  }

  #send(from: number, now: number): Step {
    const to = Math.min(this.#windowEnd, this.#ready)
    this.resent += Math.max(0, Math.min(to, this.#highest) - from + 1)
    this.#highest = Math.max(this.#highest, to)
    this.#sent = to
    this.#sentAt = now
    const isShort = to < this.#windowEnd // the phone waits for blocks that are not at hand
    this.deadline = isShort ? Infinity : Math.min(now + this.#waitMs, this.#givesUpAt)
    return to < from ? wait : { do: 'send', from, to }
  }

  get #windowEnd(): number {
    return this.#acked < 0 ? 0 : Math.min(this.#acked + this.#plan.windowSize, this.#last)
  }

  get #waitMs(): number {
    return this.#plan.exactTimeoutMs ?? this.#roundTrip.waitMs(this.#copies)
  }

  /** A phone that wants long waits gets one more packet before it is given up, once it has shown that it exists. */
  get #givesUpAt(): number {
    const { giveUpMs, exactTimeoutMs = 0 } = this.#plan
    return this.#progressAt + (this.answered ? Math.max(giveUpMs, 2 * exactTimeoutMs) : giveUpMs)
  }
}
