import { join } from 'node:path'
import type { Alarms } from '../base/alarms.ts'
import type { Clock } from '../base/clock.ts'
import type { Component } from '../base/component.ts'
import type { Log } from '../base/log.ts'
import type { FileName } from '../files/file-name.ts'
import { CopyFailure } from './failure.ts'
import { FtpSession } from './ftp-client.ts'
import { sendRound, type RoundResult } from './round.ts'
import { Health } from './health.ts'
import { dueFiles, waitMs, type CopiedFile, type RoundOutcome } from './schedule.ts'
import { SentFiles } from './sent-files.ts'
import { describeTarget, problemsOf, type Target } from './target.ts'

/** What is to be copied: the current version of each file. */
export interface CopiedStore {
  files(): readonly CopiedFile[]
  readVersion(name: FileName, seq: number): Promise<Buffer>
}

export interface FtpCopySettings extends Target {
  /** Folder of the data; what was sent is remembered in `.state` there. */
  dataFolder: string
}

export interface FtpCopyParts {
  store: CopiedStore
  alarms: Alarms
  clock: Clock
  log: Log
  /** From 0 to below 1. */
  random?: () => number
  /** False as long as somebody else has the same files, and sends them. */
  isOurs?: () => boolean
}

export interface CopyStatus {
  /** `ftpes://copy@backup.example.com:21/phones` */
  server: string
  /** ISO; when all that waited had been sent, for the last time. */
  lastSuccessAt: string | undefined
  /** Files whose current version is not there yet. */
  waiting: number
  /** Why the last round failed; undefined when it did not. */
  lastError: string | undefined
  /** ISO; undefined while a round is under way. */
  nextTryAt: string | undefined
  /** Files that are deleted here stay there. */
  deletions: 'not copied'
}

const firstRoundAfterMs = 10_000
/** What a crash makes us send twice. */
const saveEveryMs = 5_000

/** Keeps a copy of all user data on the customer's FTP server: what has changed is sent every so often. */
export class FtpCopy implements Component {
  readonly name = 'ftp copy'
  readonly #target: Target
  readonly #server: string
  readonly #statePath: string
  readonly #parts: FtpCopyParts
  readonly #health: Health
  readonly #stopping = new AbortController()
  readonly #cut = new AbortController()
  #sent: SentFiles | undefined
  #work: Promise<void> = Promise.resolve()
  #wake = () => {}
  #failedBefore: ReadonlySet<FileName> = new Set()
  #nextTryAt: Date | undefined

  constructor(settings: FtpCopySettings, parts: FtpCopyParts) {
    this.#target = settings
    this.#server = describeTarget(settings)
    this.#statePath = join(settings.dataFolder, '.state/ftp-copy.json')
    this.#parts = parts
    this.#health = new Health(this.#server, parts)
  }

  /** @throws Error that names a setting which cannot be used */
  async start(): Promise<void> {
    const [problem] = problemsOf(this.#target)
    if (problem !== undefined) throw new Error(`${problem.setting}: ${problem.problem}; ${problem.fix}`)
    const { log } = this.#parts
    if (this.#target.tls === 'none') log.warn({ server: this.#server }, 'offsite copy is not encrypted')
    this.#sent = await SentFiles.open(this.#statePath, this.#server, (why) => {
      log.warn({ file: this.#statePath, why }, 'offsite copy begins anew')
    })
    this.#work = this.#keepSending(this.#sent)
  }

  /** Lets the file at hand end, and cuts it off once `grace` aborts: it is sent anew after the next start. */
  async stop(grace: AbortSignal): Promise<void> {
    const cut = () => this.#cut.abort()
    this.#stopping.abort()
    this.#wake()
    grace.addEventListener('abort', cut, { once: true })
    if (grace.aborted) cut()
    await this.#work
    grace.removeEventListener('abort', cut)
  }

  /** Begins the next round now, unless one is under way. */
  sendNow(): void {
    this.#wake()
  }

  status(): CopyStatus {
    const files = this.#parts.store.files()
    return {
      server: this.#server,
      lastSuccessAt: this.#sent?.lastSuccessAt?.toISOString(),
      waiting: files.filter((file) => this.#sent?.has(file) !== true).length,
      lastError: this.#health.lastError,
      nextTryAt: this.#nextTryAt?.toISOString(),
      deletions: 'not copied',
    }
  }

  async #keepSending(sent: SentFiles): Promise<void> {
    const { random = Math.random, isOurs = () => true } = this.#parts
    const everyMs = this.#target.everyMinutes * 60_000
    let gapMs = firstRoundAfterMs
    while (!this.#stopping.signal.aborted) {
      await this.#pause(gapMs)
      if (this.#stopping.signal.aborted) return
      if (!isOurs()) {
        gapMs = firstRoundAfterMs
        continue
      }
      const outcome = await this.#round(sent)
      gapMs = waitMs(outcome, this.#health.failedRounds, everyMs, random())
    }
  }

  async #pause(ms: number): Promise<void> {
    const { clock } = this.#parts
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    this.#nextTryAt = new Date(clock.wallTime().getTime() + ms)
    await clock.sleep(ms, woken.signal).catch(() => {})
    this.#nextTryAt = undefined
  }

  async #round(sent: SentFiles): Promise<RoundOutcome> {
    try {
      const result = await this.#send(sent)
      // What the end of the service cut off says nothing about the server.
      const outcome = this.#stopping.signal.aborted ? 'server down' : this.#health.record(result, sent)
      await sent.save()
      this.#health.noFault()
      return outcome
    } catch (error) {
      this.#health.fault(error)
      return 'server down'
    }
  }

  async #send(sent: SentFiles): Promise<RoundResult> {
    const { store, clock } = this.#parts
    const files = store.files()
    sent.keepOnly(new Set(files.map(({ name }) => name)))
    const due = dueFiles(files, (file) => sent.has(file), this.#failedBefore)
    let savedAt = clock.now()
    const result = await sendRound(due, {
      connect: () => FtpSession.open(this.#target, this.#cut.signal),
      read: (file) => this.#read(file),
      onSent: async (file) => {
        sent.add(file)
        if (clock.now() - savedAt < saveEveryMs) return
        await sent.save()
        savedAt = clock.now()
      },
      stopping: this.#stopping.signal,
      clock,
    })
    const failed = new Set([...this.#failedBefore, ...result.failed.map(({ file }) => file.name)])
    this.#failedBefore = new Set(
      due.filter((file) => failed.has(file.name) && !sent.has(file)).map(({ name }) => name),
    )
    return result
  }

  async #read({ name, seq }: CopiedFile): Promise<Buffer> {
    try {
      return await this.#parts.store.readVersion(name, seq)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new CopyFailure('file', `cannot be read here: ${why}`)
    }
  }
}
