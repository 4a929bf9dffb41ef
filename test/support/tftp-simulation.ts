import { ReadTransfer, type Step, type TransferPlan } from '../../lib/tftp/read-transfer.ts'

/** A transfer on a simulated network in simulated time: no sockets, no data, only block numbers. */
export interface Network {
  random: () => number
  /** Share of packets lost, in each direction. */
  loss: number
  /** Share of packets that arrive twice. */
  duplication?: number
  /** Milliseconds on the way, in each direction. */
  delayMs: () => number
}

export interface Phone {
  /** Takes this long to answer. */
  thinksMs?: () => number
  /** Repeats its last packet after this long without news. */
  resendMs: number
  /** Gives up after this long without progress. */
  giveUpMs: number
  /** Does not acknowledge a block that it has already. */
  ignoresRepeated?: boolean
  /** Is switched off after that many blocks. */
  leavesAfter?: number
}

export interface Simulated {
  server: 'done' | 'giveUp'
  /** The phone has every block, each in its turn. */
  phoneHasAll: boolean
  /** Blocks the server sent, repeated ones and the OACK included. */
  sends: number
  /** Acknowledgements and repeated requests that reached the server. */
  acks: number
  /** How often the time ran out and the server sent again. */
  timeouts: number
  resent: number
  ms: number
}

export function simulate(plan: TransferPlan, network: Network, phone: Phone): Simulated {
  return new Simulation(plan, network, phone).run()
}

const asksAgain = -1

class Simulation {
  readonly #plan: TransferPlan
  readonly #network: Network
  readonly #phone: Phone
  readonly #transfer: ReadTransfer
  readonly #last: number
  readonly #events: { at: number; task: () => void }[] = []
  #now = 0
  #end: 'done' | 'giveUp' | undefined
  #sends = 0
  #acks = 0
  #timeouts = 0
  // The phone's side (RFC 7440, 4): what is expected next, blocks since the last acknowledgement, a gap already told.
  #expected: number
  #inWindow = 0
  #toldGap = false
  #lastSaid = asksAgain
  #heardAt = 0
  #saidAt = 0
  #isOff = false

  constructor(plan: TransferPlan, network: Network, phone: Phone) {
    this.#plan = plan
    this.#network = network
    this.#phone = phone
    this.#last = Math.floor(plan.size / plan.blockSize) + 1
    this.#expected = plan.withOptions ? 0 : 1
    this.#transfer = new ReadTransfer(plan, 0)
  }

  run(): Simulated {
    this.#obey(this.#transfer.ready(this.#last, 0))
    this.#phoneTimer()
    while (this.#end === undefined) {
      const next = this.#takeNext()
      const deadline = this.#transfer.deadline
      if (next === undefined || deadline <= next.at) {
        if (next !== undefined) this.#push(next.at, next.task)
        this.#now = Math.max(this.#now, deadline)
        const step = this.#transfer.tick(this.#now)
        if (step.do === 'send') this.#timeouts += 1
        this.#obey(step)
      } else {
        this.#now = next.at
        next.task()
      }
    }
    return {
      server: this.#end,
      phoneHasAll: this.#expected > this.#last,
      sends: this.#sends,
      acks: this.#acks,
      timeouts: this.#timeouts,
      resent: this.#transfer.resent,
      ms: this.#now,
    }
  }

  #obey(step: Step): void {
    if (step.do === 'done' || step.do === 'giveUp') this.#end = step.do
    if (step.do !== 'send') return
    for (let block = step.from; block <= step.to; block += 1) {
      this.#sends += 1
      this.#carry(() => this.#arrives(block))
    }
  }

  #arrives(block: number): void {
    if (this.#isOff) return
    if (block === this.#expected) return this.#takes(block)
    if (block < this.#expected) {
      const isTold = this.#plan.windowSize === 1 || block === this.#expected - 1
      if (isTold && this.#phone.ignoresRepeated !== true) this.#say(this.#expected - 1)
    } else if (!this.#toldGap) {
      this.#toldGap = true
      this.#say(this.#expected - 1)
    }
  }

  #takes(block: number): void {
    this.#heardAt = this.#now
    this.#expected += 1
    this.#toldGap = false
    this.#inWindow += 1
    if (block === this.#phone.leavesAfter) this.#isOff = true
    else if (block === 0 || block === this.#last || this.#inWindow >= this.#plan.windowSize) this.#say(block)
  }

  #say(block: number): void {
    this.#inWindow = 0
    this.#lastSaid = block
    this.#saidAt = this.#now
    const thinks = this.#phone.thinksMs?.() ?? 0
    this.#push(this.#now + thinks, () => {
      this.#carry(() => {
        if (this.#end === undefined) this.#hears(block)
      })
    })
  }

  /** The server; before the phone has heard anything, what it says is its request. */
  #hears(block: number): void {
    this.#acks += 1
    if (block === asksAgain) this.#obey(this.#transfer.askedAgain(this.#now))
    else this.#obey(this.#transfer.ack(block & 0xffff, this.#now))
  }

  /** The phone's patience: it repeats itself, and leaves after too long. */
  #phoneTimer(): void {
    this.#push(this.#now + this.#phone.resendMs, () => {
      const hasAll = this.#expected > this.#last
      if (this.#isOff || hasAll) return
      if (this.#now - this.#heardAt > this.#phone.giveUpMs) this.#isOff = true
      else if (this.#now - Math.max(this.#saidAt, this.#heardAt) >= this.#phone.resendMs)
        this.#say(this.#lastSaid)
      this.#phoneTimer()
    })
  }

  #carry(arrive: () => void): void {
    const { random, loss, duplication = 0, delayMs } = this.#network
    const copies = random() < duplication ? 2 : 1
    for (let copy = 0; copy < copies; copy += 1) {
      if (random() >= loss) this.#push(this.#now + delayMs(), arrive)
    }
  }

  #push(at: number, task: () => void): void {
    let index = this.#events.length
    while (index > 0 && (this.#events[index - 1]?.at ?? 0) <= at) index -= 1
    // The earliest stands last, and of two at the same time the one that was pushed first.
    this.#events.splice(index, 0, { at, task })
  }

  #takeNext() {
    return this.#events.pop()
  }
}
