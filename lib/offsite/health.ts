import type { Alarms } from '../base/alarms.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RoundResult } from './round.ts'
import { isAlarming, type RoundOutcome } from './schedule.ts'
import type { SentFiles } from './sent-files.ts'

export interface HealthParts {
  alarms: Alarms
  clock: Clock
  log: Log
}

const alarmSubject = 'copy of user data'
const faultSubject = 'state of the copy of user data'
/** Files named in one line of the log. */
const mostNamed = 5

/** How the copy fares: what is logged, and when it is an alarm. */
export class Health {
  /** Failed rounds in a row. */
  failedRounds = 0
  /** Why the last round failed; undefined when it did not. */
  lastError: string | undefined
  readonly #server: string
  readonly #parts: HealthParts

  constructor(server: string, parts: HealthParts) {
    this.#server = server
    this.#parts = parts
  }

  record(result: RoundResult, sent: SentFiles): RoundOutcome {
    const outcome = outcomeOf(result)
    if (outcome === 'all sent') this.#succeeded(result, sent)
    else this.#failed(result, sent)
    return outcome
  }

  /** Not the other server, but this machine: its disk is full, for example. */
  fault(err: unknown): void {
    this.failedRounds += 1
    this.lastError = err instanceof Error ? err.message : String(err)
    const { alarms, log } = this.#parts
    log.error({ server: this.#server, err }, 'offsite copy fault')
    alarms.raise(faultSubject, `what was sent to ${this.#server} cannot be noted down: ${this.lastError}`)
  }

  /** What was sent is noted down again. */
  noFault(): void {
    this.#parts.alarms.clear(faultSubject)
  }

  #succeeded({ sent: files, bytes, ms }: RoundResult, sent: SentFiles): void {
    const { alarms, clock, log } = this.#parts
    sent.recovered()
    if (files > 0) sent.succeeded(clock.wallTime())
    if (files > 0) log.info({ server: this.#server, files, bytes, ms }, 'offsite copy sent')
    this.failedRounds = 0
    this.lastError = undefined
    alarms.clear(alarmSubject)
  }

  #failed({ sent: files, failed, ended, ms }: RoundResult, sent: SentFiles): void {
    const { alarms, clock, log } = this.#parts
    const now = clock.wallTime()
    sent.failed(now)
    this.failedRounds += 1
    const [first] = failed
    const oneOf = first && `${first.file.name}: ${first.failure.message}`
    this.lastError = ended?.message ?? oneOf ?? 'unknown'
    const names = failed.slice(0, mostNamed).map(({ file, failure }) => `${file.name}: ${failure.message}`)
    log.warn(
      { server: this.#server, why: this.lastError, files, refused: failed.length, names, ms },
      'offsite copy failed',
    )
    const failing = {
      rounds: this.failedRounds,
      sinceMs: (sent.failingSince ?? now).getTime(),
      needsPerson: ended?.scope === 'settings',
    }
    if (isAlarming(failing, now.getTime()))
      alarms.raise(alarmSubject, `${this.#server} does not have all of it: ${this.lastError}`)
  }
}

function outcomeOf({ failed, ended }: RoundResult): RoundOutcome {
  if (ended !== undefined) return 'server down'
  return failed.length > 0 ? 'some refused' : 'all sent'
}
