import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Channel, Message } from '../message.ts'
import { HeldBack, nothingHeld, parseHeldBack, type HeldBackRules } from './held-back.ts'
import { MessageFiles } from './message-files.ts'
import { Queue } from './queue.ts'
import type { QueueRules } from './queue-rules.ts'
import { sendWithin } from './send-within.ts'

/** One way of telling, and what it is told by the settings. */
export interface Way {
  channel: Channel
  rules: HeldBackRules
  /** A try is ended after this long. */
  sendMs: number
}

export interface DeskParts extends Way {
  folder: string
  queueRules: QueueRules
  clock: Clock
  log: Log
  /** 0 to 1. */
  random: () => number
}

export interface ChannelStatus {
  /** `mail`, `syslog`, `local syslog`, `script`, `webhook`, `trap`. */
  name: string
  /** Messages that the receiver has not taken yet. */
  waiting: number
  /** Messages that wait for the end of quiet hours or the next hour. */
  heldBack: number
  /** Messages given up, and not told so yet. */
  dropped: number
  /** ISO 8601. */
  lastSentAt: string | undefined
  /** Why the last try failed; undefined once one succeeds. */
  lastError: string | undefined
}

export type TestResult = { name: string; ms: number } & (
  { outcome: 'told' } | { outcome: 'failed'; why: string }
)

/** How often it is asked whether what is held back may be told: the clock on the wall may jump, and DST end. */
const checkMs = 15_000

/** All that stands before one channel: what is held back, the queue on disk, and the channel itself. */
export class Desk {
  readonly #parts: DeskParts
  readonly #files: MessageFiles
  readonly #queue: Queue
  /** Undefined until it is known from disk. */
  #heldBack: HeldBack | undefined
  #early: Message[] = []
  #cancelCheck: (() => void) | undefined
  #stopped = false

  constructor(parts: DeskParts) {
    this.#parts = parts
    this.#files = new MessageFiles(parts.folder)
    this.#queue = new Queue({ ...parts, files: this.#files, rules: parts.queueRules })
  }

  async start(): Promise<void> {
    const { rules, clock } = this.#parts
    await this.#queue.start()
    this.#heldBack = new HeldBack(rules, await this.#loadHeldBack(), clock.now())
    const early = this.#early
    this.#early = []
    for (const message of early) this.tell(message)
    this.#check()
  }

  async stop(grace: AbortSignal): Promise<void> {
    this.#stopped = true
    this.#cancelCheck?.()
    await this.#queue.stop(grace)
  }

  tell(message: Message): void {
    if (this.#heldBack === undefined) return void this.#early.push(message)
    const { clock, log, channel } = this.#parts
    const verdict = this.#heldBack.take(message, clock.now(), clock.wallTime())
    if (verdict.do === 'skip') return
    if (verdict.do === 'tell') this.#queue.add(message)
    else log.info({ channel: channel.name, incident: message.incident, why: verdict.why }, 'alert held back')
    this.#keep(this.#heldBack)
    this.#check()
  }

  saved(): Promise<void> {
    return this.#queue.saved()
  }

  /** One try, past everything that could hold it back. */
  async test(message: Message, signal: AbortSignal): Promise<TestResult> {
    const { channel, clock } = this.#parts
    const { name } = channel
    const begunAt = clock.now()
    const ms = () => Math.round(clock.now() - begunAt)
    try {
      await sendWithin(this.#parts, message, signal)
      return { name, outcome: 'told', ms: ms() }
    } catch (error) {
      return {
        name,
        outcome: 'failed',
        why: error instanceof Error ? error.message : String(error),
        ms: ms(),
      }
    }
  }

  get status(): ChannelStatus {
    const { waiting, dropped, lastSentAt, lastError } = this.#queue.status
    return {
      name: this.#parts.channel.name,
      waiting: waiting + this.#early.length,
      heldBack: this.#heldBack?.count ?? 0,
      dropped,
      lastSentAt: lastSentAt?.toISOString(),
      lastError,
    }
  }

  /** Tells the digest when it is time for it, and looks again later while there is one. */
  #check(): void {
    this.#cancelCheck?.()
    this.#cancelCheck = undefined
    if (this.#heldBack === undefined || this.#heldBack.count === 0 || this.#stopped) return
    const { clock } = this.#parts
    const digest = this.#heldBack.due(clock.now(), clock.wallTime())
    if (digest === undefined) {
      this.#cancelCheck = clock.after(checkMs, () => this.#check())
      return
    }
    this.#queue.add(digest)
    this.#keep(this.#heldBack)
  }

  #keep(heldBack: HeldBack): void {
    this.#queue.keep('held-back', heldBack.state)
  }

  async #loadHeldBack() {
    try {
      return parseHeldBack(await this.#files.loadState('held-back'))
    } catch (err) {
      this.#parts.log.error({ channel: this.#parts.channel.name, err }, 'alert queue not on disk')
      return nothingHeld
    }
  }
}
