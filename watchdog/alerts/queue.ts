import type { Log } from '../../lib/base/log.ts'
import type { Message } from '../message.ts'
import { digestMessage, noDigest, parseDigest, withMessage, type Digest } from './digest.ts'
import type { MessageFiles, Queued } from './message-files.ts'
import { InTurn } from './in-turn.ts'
import { retryMs, toDrop, type QueueRules, type Waiting } from './queue-rules.ts'
import { sendWithin, type Try } from './send-within.ts'

export interface QueueParts extends Try {
  files: MessageFiles
  rules: QueueRules
  log: Log
  /** 0 to 1. */
  random: () => number
}

interface Entry extends Queued, Waiting {}

/** How long the next message waits for the file of the last one to go, when the disk does not answer. */
const forgetMs = 5_000

/**
 * Messages on their way to one receiver, in order, each until it has been taken. They lie on disk, so that a restart
 * loses none: what was on its way when we died goes once more. Adding never waits: where the disk takes nothing, the
 * message waits in memory alone, for a full disk is what it may be about.
 */
export class Queue {
  readonly #parts: QueueParts
  readonly #log: Log
  #waiting: Entry[] = []
  #underWay: Entry | undefined
  #dropped: Digest = noDigest
  #nextSeq = 1
  #failures = 0
  #lastError: string | undefined
  #lastSentAt: Date | undefined
  readonly #disk: InTurn
  readonly #kept = new Map<string, unknown>()
  #wake = Promise.withResolvers<void>()
  readonly #stopping = new AbortController()
  readonly #cut = new AbortController()
  #running: Promise<void> | undefined

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#log = parts.log.child({ channel: parts.channel.name })
    this.#disk = new InTurn((err) => this.#log.error({ err }, 'alert queue not on disk'))
  }

  /** Finds what waits on disk and begins to send. */
  async start(): Promise<void> {
    const { files } = this.#parts
    try {
      const loaded = await files.load((file, why) => this.#log.warn({ file, why }, 'queued alert unusable'))
      this.#waiting = loaded.map((queued) => this.#entryOf(queued))
      this.#dropped = parseDigest(await files.loadState('dropped'))
    } catch (err) {
      this.#disk.failed(err)
    }
    this.#nextSeq = (this.#waiting.at(-1)?.seq ?? 0) + 1
    this.#running = this.#sendOn()
  }

  /** A try under way may end until `grace` aborts; nothing is begun any more. What was not taken waits on disk. */
  async stop(grace: AbortSignal): Promise<void> {
    this.#stopping.abort(new Error('the watchdog stops'))
    this.#wake.resolve()
    if (grace.aborted) this.#cut.abort(new Error('the watchdog stops'))
    else
      grace.addEventListener('abort', () => this.#cut.abort(new Error('the watchdog stops')), { once: true })
    await this.#running
    await this.#disk.doneWithin(forgetMs, this.#parts.clock)
  }

  add(message: Message): void {
    const entry = this.#entryOf({ seq: this.#nextSeq, message })
    this.#nextSeq += 1
    this.#waiting.push(entry)
    this.#disk.add(() => this.#parts.files.add(entry))
    this.#trim()
    this.#wake.resolve()
  }

  /** Kept beside the messages, and written after all that was added before; of several in a row, the last. */
  keep(name: string, state: unknown): void {
    this.#kept.set(name, state)
    this.#disk.add(async () => {
      if (this.#kept.get(name) === state) await this.#parts.files.saveState(name, state)
    })
  }

  /** Resolves once the disk has all that was added, or could not take it. */
  saved(): Promise<void> {
    return this.#disk.done
  }

  get status(): {
    waiting: number
    dropped: number
    lastSentAt: Date | undefined
    lastError: string | undefined
  } {
    return {
      waiting: this.#waiting.length,
      dropped: this.#dropped.count,
      lastSentAt: this.#lastSentAt,
      lastError: this.#lastError,
    }
  }

  async #sendOn(): Promise<void> {
    const { clock, rules, random } = this.#parts
    while (!this.#stopping.signal.aborted) {
      this.#trim()
      const sent = await this.#sendNext()
      if (sent === 'nothing waits') await this.#woken()
      else if (sent === 'failed')
        await clock.sleep(retryMs(this.#failures, random(), rules), this.#stopping.signal).catch(() => {})
    }
  }

  async #sendNext(): Promise<'sent' | 'failed' | 'nothing waits'> {
    const first = this.#waiting[0]
    if (first === undefined && this.#dropped.count === 0) return 'nothing waits'
    if (this.#dropped.count > 0) return this.#sendDropped()
    this.#underWay = first
    const sent = first !== undefined && (await this.#send(first.message))
    this.#underWay = undefined
    if (sent) await this.#forget(first)
    return sent ? 'sent' : 'failed'
  }

  /** What was dropped comes before what was not. */
  async #sendDropped(): Promise<'sent' | 'failed'> {
    const telling = this.#dropped
    const message = digestMessage(
      telling,
      'dropped: they could not be told in time',
      this.#parts.clock.wallTime(),
    )
    if (!(await this.#send(message))) return 'failed'
    // More may have been dropped meanwhile: then all is told once more.
    if (this.#dropped === telling) this.#setDropped(noDigest)
    return 'sent'
  }

  async #send(message: Message): Promise<boolean> {
    const { clock } = this.#parts
    const { incident, kind, severity } = message
    const begunAt = clock.now()
    try {
      await sendWithin(this.#parts, message, this.#cut.signal)
    } catch (error) {
      this.#failed({ incident, kind, severity }, error)
      return false
    }
    if (this.#failures > 0) this.#log.info({ failures: this.#failures }, 'alerts can be told again')
    this.#failures = 0
    this.#lastError = undefined
    this.#lastSentAt = clock.wallTime()
    const ms = Math.round(clock.now() - begunAt)
    this.#log.info({ incident, kind, severity, ms }, 'alert told')
    return true
  }

  #failed(about: Pick<Message, 'incident' | 'kind' | 'severity'>, error: unknown): void {
    if (this.#cut.signal.aborted) return
    this.#failures += 1
    this.#lastError = error instanceof Error ? error.message : String(error)
    const line = { ...about, why: this.#lastError, failures: this.#failures }
    // A receiver that is down for a day is one line, not thousands.
    if (this.#failures === 1) this.#log.warn(line, 'alert not told')
    else this.#log.debug(line, 'alert not told')
  }

  /** So that a crash repeats one message at most, the next one waits for this. */
  async #forget(entry: Entry): Promise<void> {
    this.#waiting = this.#waiting.filter((each) => each !== entry)
    this.#disk.add(() => this.#parts.files.remove(entry.seq))
    await this.#disk.doneWithin(forgetMs, this.#parts.clock)
  }

  #entryOf({ seq, message }: Queued): Entry {
    return { seq, message, severity: message.severity, since: this.#parts.clock.now() }
  }

  #trim(): void {
    const { clock, rules } = this.#parts
    const candidates = this.#waiting.filter((entry) => entry !== this.#underWay)
    const dropped = toDrop(candidates, clock.now(), rules)
    if (dropped.length === 0) return
    this.#waiting = this.#waiting.filter((entry) => !dropped.includes(entry))
    this.#setDropped(dropped.reduce((digest, { message }) => withMessage(digest, message), this.#dropped))
    for (const { seq, message } of dropped) {
      this.#log.error(
        { incident: message.incident, severity: message.severity, subject: message.subject },
        'alert dropped',
      )
      this.#disk.add(() => this.#parts.files.remove(seq))
    }
  }

  #setDropped(digest: Digest): void {
    this.#dropped = digest
    this.keep('dropped', digest)
  }

  async #woken(): Promise<void> {
    await this.#wake.promise
    this.#wake = Promise.withResolvers<void>()
  }
}
