import type { Clock } from '../base/clock.ts'
import type { Blocks } from './blocks.ts'
import type { Deadlines, Sleeper } from './deadlines.ts'
import { writeDataHeader } from './packet.ts'
import type { ReadTransfer, Step } from './read-transfer.ts'
import type { Wire } from './wire.ts'

export interface SenderOptions {
  transfer: ReadTransfer
  blocks: Blocks
  windowSize: number
  /** Block 0, where options were granted. */
  optionAck: Uint8Array | undefined
  wire: Wire
  clock: Clock
  deadlines: Deadlines
  /** The phone has answered for the first time. */
  onAnswered: () => void
  /** The phone has this many bytes of the file. */
  onProgress: (bytes: number) => void
  onOver: (how: 'done' | 'giveUp') => void
}

/** Does what ReadTransfer says: tells it the time, and puts the blocks it names on the wire. */
export class Sender implements Sleeper {
  deadline = Infinity
  readonly #options: SenderOptions
  /** Headers of the blocks on the way. One is only written anew when its block has been acknowledged. */
  readonly #headers: Uint8Array[]
  #isOver = false

  constructor(options: SenderOptions) {
    this.#options = options
    this.#headers = Array.from({ length: options.windowSize }, () => new Uint8Array(4))
  }

  begin(): void {
    this.#options.deadlines.add(this)
    this.blocksReady()
  }

  /** Nothing is sent from now on. */
  stop(): void {
    this.#isOver = true
    this.deadline = Infinity
    this.#options.deadlines.remove(this)
  }

  /** More of the file has been read. */
  blocksReady(): void {
    const { transfer, blocks, clock } = this.#options
    if (!this.#isOver) this.#obey(transfer.ready(blocks.ready, clock.now()))
  }

  acknowledged(block: number, now: number): void {
    const { transfer, blocks, onAnswered, onProgress } = this.#options
    if (this.#isOver) return
    const isFirst = !transfer.answered
    const step = transfer.ack(block, now)
    if (isFirst && transfer.answered) onAnswered()
    const bytes = transfer.ackedBytes
    onProgress(bytes)
    blocks.acknowledged(bytes)
    this.#obey(step)
  }

  askedAgain(now: number): void {
    if (!this.#isOver) this.#obey(this.#options.transfer.askedAgain(now))
  }

  wake(now: number): void {
    this.#obey(this.#options.transfer.tick(now))
  }

  #obey(step: Step): void {
    if (step.do === 'done' || step.do === 'giveUp') return this.#options.onOver(step.do)
    if (step.do === 'send') for (let block = step.from; block <= step.to; block += 1) this.#send(block)
    this.deadline = this.#options.transfer.deadline
    this.#options.deadlines.moved(this.deadline)
  }

  #send(block: number): void {
    const { wire, blocks, optionAck } = this.#options
    if (block === 0 && optionAck !== undefined) return wire.send(optionAck)
    const header = this.#headers[block % this.#headers.length]
    if (header === undefined) return
    writeDataHeader(header, block)
    wire.send([header, blocks.block(block)])
  }
}
