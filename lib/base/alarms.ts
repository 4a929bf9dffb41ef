import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

/** Something a person should know and mend, for as long as it lasts. */
export interface Alarm {
  /** What it is about: `address list HTTPdata/allow_IP.txt`. One alarm for each subject. */
  subject: string
  text: string
  since: Date
}

/** The alarms of one process: logged when they begin, change and end; listed in the status. */
export class Alarms {
  readonly #raised = new Map<string, Alarm>()
  readonly #clock: Clock
  readonly #log: Log

  constructor({ clock, log }: { clock: Clock; log: Log }) {
    this.#clock = clock
    this.#log = log
  }

  raise(subject: string, text: string): void {
    const before = this.#raised.get(subject)
    if (before?.text === text) return
    this.#raised.set(subject, { subject, text, since: before?.since ?? this.#clock.wallTime() })
    this.#log.error({ subject, text }, 'alarm raised')
  }

  clear(subject: string): void {
    if (this.#raised.delete(subject)) this.#log.info({ subject }, 'alarm over')
  }

  list(): Alarm[] {
    return [...this.#raised.values()]
  }
}
