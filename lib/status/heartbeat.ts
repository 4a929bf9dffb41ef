import type { Alarms } from '../base/alarms.ts'
import type { Clock } from '../base/clock.ts'
import type { Component } from '../base/component.ts'
import type { Log } from '../base/log.ts'

export interface HeartbeatParts {
  clock: Clock
  alarms: Alarms
  log: Log
}

/** A round of real probes that is over. */
export interface Beat {
  round: number
  /** All was well. */
  ok: boolean
}

/** What the status tells of the watchdog; undefined there: none has been heard. */
export interface HeartbeatStatus {
  /** ISO 8601. */
  lastHeardAt: string
  pid: number | undefined
  round: number | undefined
  ok: boolean | undefined
  silent: boolean
}

const alarm = 'watchdog'
const lookEveryMs = 1_000

/**
 * Who watches the watchdog: once it was heard and has not said goodbye, silence is an alarm. Silence is counted in
 * looks of ours, so that a stop of this process or a pause of the machine is not taken for one of the watchdog.
 */
export class Heartbeat implements Component {
  readonly name = 'heartbeat of the watchdog'
  readonly #silentMs: number
  readonly #parts: HeartbeatParts
  #heard: { at: Date; pid: number | undefined; beat: Beat | undefined } | undefined
  #quietMs = 0
  #lookedMs = 0
  #cancelLook = () => {}

  constructor(silentSeconds: number, parts: HeartbeatParts) {
    this.#silentMs = silentSeconds * 1000
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.#lookedMs = this.#parts.clock.now()
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#cancelLook()
  }

  /** It is there. */
  hello(pid: number): void {
    if (this.#heard?.pid !== pid) this.#parts.log.info({ pid }, 'watchdog says hello')
    this.#hear(pid, this.#heard?.beat)
  }

  beat(beat: Beat): void {
    this.#hear(this.#heard?.pid, beat)
  }

  /** It stops because it was told to, and is not missed. */
  bye(): void {
    this.#heard = undefined
    this.#parts.alarms.clear(alarm)
    this.#parts.log.info({}, 'watchdog says goodbye')
  }

  status(): HeartbeatStatus | undefined {
    if (this.#heard === undefined) return undefined
    const { at, pid, beat } = this.#heard
    return { lastHeardAt: at.toISOString(), pid, round: beat?.round, ok: beat?.ok, silent: this.#isSilent }
  }

  get #isSilent(): boolean {
    return this.#heard !== undefined && this.#quietMs >= this.#silentMs
  }

  #hear(pid: number | undefined, beat: Beat | undefined): void {
    this.#heard = { at: this.#parts.clock.wallTime(), pid, beat }
    this.#quietMs = 0
    this.#parts.alarms.clear(alarm)
  }

  #look(): void {
    const now = this.#parts.clock.now()
    this.#quietMs += Math.min(now - this.#lookedMs, 2 * lookEveryMs)
    this.#lookedMs = now
    if (this.#isSilent) this.#parts.alarms.raise(alarm, this.#silenceText())
    this.#lookLater()
  }

  #lookLater(): void {
    this.#cancelLook = this.#parts.clock.after(lookEveryMs, () => this.#look())
  }

  /** The same for as long as it lasts, so that it is said once. */
  #silenceText(): string {
    const who = this.#heard?.pid === undefined ? 'the watchdog' : `the watchdog (pid ${this.#heard.pid})`
    const since = this.#heard?.at.toISOString() ?? ''
    return `${who} has not been heard since ${since}; nobody mends what fails now: look whether it runs`
  }
}
