import type { Message, Severity } from '../message.ts'
import { digestMessage, isAtLeast, noDigest, parseDigest, withMessage, type Digest } from './digest.ts'
import { isQuiet, parseQuietHours } from './quiet-hours.ts'

/**
 * What one way of telling is not told at once: what is below its severity, warnings in quiet hours, and what is over
 * its rate. What is held back is told in one digest once it may be. Times are milliseconds of a monotonic clock; quiet
 * hours go by the clock on the wall.
 *
 * - A recovery goes where its fault went, and when: at night too, if the fault woke somebody.
 * - A quarter of the rate is kept for what is critical, so that chatter cannot use it up.
 */

export interface HeldBackRules {
  from: Severity
  /** `22:00-06:30`, or empty. */
  quietHours: string
  perHour: number
}

export type Verdict =
  { do: 'tell' } | { do: 'skip' } | { do: 'hold'; why: 'quiet hours' | 'rate' | 'with its fault' }

/** All there is to know, to be kept over a restart. */
export interface HeldBackState {
  digest: Digest
  /** When messages were told, within the last hour. */
  toldAt: readonly number[]
  /** Incidents that this way knows of, the latest last, and whether it has been told or is to hear in the digest. */
  incidents: readonly (readonly [incident: string, how: 'told' | 'held'])[]
}

export const nothingHeld: HeldBackState = { digest: noDigest, toldAt: [], incidents: [] }

/** What was written to disk; what is not understood counts as nothing. */
export function parseHeldBack(read: unknown): HeldBackState {
  if (typeof read !== 'object' || read === null) return nothingHeld
  const { digest, toldAt, incidents } = read as Record<string, unknown>
  return {
    digest: parseDigest(digest),
    toldAt: Array.isArray(toldAt) ? toldAt.filter((at) => typeof at === 'number') : [],
    incidents: Array.isArray(incidents) ? incidents.filter(isKnownIncident) : [],
  }
}

const hourMs = 3_600_000
/** Incidents that have not recovered; the oldest are forgotten, and their recovery then counts as any message. */
const mostIncidents = 1_000

export class HeldBack {
  readonly #rules: HeldBackRules
  #digest: Digest
  #toldAt: number[]
  readonly #incidents: Map<string, 'told' | 'held'>

  constructor(rules: HeldBackRules, state: HeldBackState, now: number) {
    this.#rules = rules
    this.#digest = state.digest
    // Times in the future are those of another boot.
    this.#toldAt = state.toldAt.filter((at) => at <= now).slice(-rules.perHour)
    this.#incidents = new Map(state.incidents)
  }

  get state(): HeldBackState {
    return {
      digest: this.#digest,
      toldAt: [...this.#toldAt],
      incidents: [...this.#incidents],
    }
  }

  /** How many messages the digest is to tell. */
  get count(): number {
    return this.#digest.count
  }

  take(message: Message, now: number, wall: Date): Verdict {
    const verdict = this.#verdict(message, now, wall)
    if (verdict.do !== 'skip') this.#remember(message, verdict.do === 'tell' ? 'told' : 'held')
    if (verdict.do === 'tell') this.#toldAt.push(now)
    if (verdict.do === 'hold') this.#digest = withMessage(this.#digest, message)
    return verdict
  }

  /** The digest, as soon as it may be told. It then counts as told. */
  due(now: number, wall: Date): Message | undefined {
    const digest = this.#digest
    if (
      digest.count === 0 ||
      this.#isTooEarly(digest.severity, wall) ||
      this.#isOverRate(digest.severity, now)
    )
      return undefined
    this.#toldAt.push(now)
    this.#digest = noDigest
    for (const [incident, how] of this.#incidents) if (how === 'held') this.#incidents.set(incident, 'told')
    return digestMessage(digest, 'held back (quiet hours, or too many an hour)', wall)
  }

  #verdict(message: Message, now: number, wall: Date): Verdict {
    const { severity, incident } = message
    const fault = isRecovery(message) ? this.#incidents.get(incident) : undefined
    if (fault === undefined && !isAtLeast(severity, this.#rules.from)) return { do: 'skip' }
    if (fault === 'held') return { do: 'hold', why: 'with its fault' }
    const asked: Severity = fault === 'told' ? 'critical' : severity // whoever got up waits to hear that it is over
    if (this.#isTooEarly(asked, wall)) return { do: 'hold', why: 'quiet hours' }
    if (this.#isOverRate(asked, now)) return { do: 'hold', why: 'rate' }
    return { do: 'tell' }
  }

  #isTooEarly(severity: Severity, wall: Date): boolean {
    return severity !== 'critical' && isQuiet(parseQuietHours(this.#rules.quietHours), wall)
  }

  #isOverRate(severity: Severity, now: number): boolean {
    this.#toldAt = this.#toldAt.filter((at) => now - at < hourMs)
    const { perHour } = this.#rules
    const most = severity === 'critical' ? perHour : perHour - Math.floor(perHour / 4)
    return this.#toldAt.length >= most
  }

  #remember(message: Message, how: 'told' | 'held'): void {
    const { incident } = message
    // What was told once is known, whatever becomes of its reminders.
    const known = this.#incidents.get(incident) === 'told' ? 'told' : how
    this.#incidents.delete(incident) // to be the latest again
    if (isRecovery(message)) return
    this.#incidents.set(incident, known)
    const [oldest] = this.#incidents.keys()
    if (this.#incidents.size > mostIncidents && oldest !== undefined) this.#incidents.delete(oldest)
  }
}

const isKnownIncident = (read: unknown): read is [string, 'told' | 'held'] =>
  Array.isArray(read) && typeof read[0] === 'string' && (read[1] === 'told' || read[1] === 'held')

const isRecovery = ({ kind }: Message) => kind === 'recovered'
