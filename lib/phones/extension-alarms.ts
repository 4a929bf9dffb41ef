import type { Alarms } from '../base/alarms.ts'
import type { Clock } from '../base/clock.ts'

/**
 * Alarms for phones that gave an extension nobody may have. One for each address up to a number, and one for all
 * further ones, so that whoever can use many addresses cannot bury the list. Each ends when its phone answers well,
 * or when it has not happened for a day: a phone that is gone will never answer well.
 */
export class ExtensionAlarms {
  readonly #alarms: Pick<Alarms, 'raise' | 'clear'>
  readonly #clock: Clock
  /** Each address that has an alarm, and when it was last to blame; the longest ago first. */
  readonly #raised = new Map<string, number>()
  #furtherAt: number | undefined

  constructor({ alarms, clock }: { alarms: Pick<Alarms, 'raise' | 'clear'>; clock: Clock }) {
    this.#alarms = alarms
    this.#clock = clock
  }

  raise(address: string, text: string): void {
    this.#forgetOld()
    const isNew = !this.#raised.delete(address)
    if (isNew && this.#raised.size >= mostAlarms) {
      this.#furtherAt = this.#clock.now()
      return this.#alarms.raise(further, furtherText)
    }
    this.#raised.set(address, this.#clock.now())
    // The first text stays: one who says something new each time would fill the log.
    if (isNew) this.#alarms.raise(subjectOf(address), text)
  }

  /** The phone there answered well, or is to be forgotten. */
  clear(address: string): void {
    if (this.#raised.delete(address)) this.#alarms.clear(subjectOf(address))
    this.#forgetOld()
  }

  #forgetOld(): void {
    const longAgo = this.#clock.now() - lastsMs
    for (const [address, at] of this.#raised) {
      if (at > longAgo) break
      this.#raised.delete(address)
      this.#alarms.clear(subjectOf(address))
    }
    if (this.#furtherAt === undefined || this.#furtherAt > longAgo) return
    this.#furtherAt = undefined
    this.#alarms.clear(further)
  }
}

const mostAlarms = 20
const lastsMs = 86_400_000

const subjectOf = (address: string) => `phone ${address}`
const further = 'phones with extensions that are none'
const furtherText = `more than ${mostAlarms} addresses gave an extension that is none; the log has each as "phone not identified"`
