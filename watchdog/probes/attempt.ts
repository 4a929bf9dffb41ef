import type { Clock } from '../../lib/base/clock.ts'
import type { Finding } from '../probe.ts'
import { isOurFault, wordsFor } from './system-error.ts'

/** The probed did not do what was asked: the rest of a sentence that begins with what was asked. */
export class Missed extends Error {}

/** We could not ask. The message is the whole sentence. */
export class Blind extends Error {}

/** One run of a probe, as its body sees it. */
export class Attempt {
  /** Aborts when time is up, or when the run is broken off. */
  readonly signal: AbortSignal
  readonly phases: Record<string, number> = {}
  readonly warnings: string[] = []
  readonly #clock: Clock
  readonly #startedAt: number
  #waitedMs = 0
  #asked = 'the probe'
  #askedAt: number

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.signal = signal
    this.#startedAt = this.#askedAt = clock.now()
  }

  /** Whole milliseconds since the start, without those that were waited for other probes. */
  get ms(): number {
    return Math.round(this.#clock.now() - this.#startedAt - this.#waitedMs)
  }

  /** Waits for something that is not of the probed. */
  async wait(work: () => Promise<void>): Promise<void> {
    const from = this.#clock.now()
    try {
      await work()
    } finally {
      this.#waitedMs += this.#clock.now() - from
    }
  }

  /** Since the latest `ask`. */
  get askedMs(): number {
    return Math.round(this.#clock.now() - this.#askedAt)
  }

  /** What is asked from now on, of whom; sentences begin with it: `GET of the check file on port 80`. */
  ask(what: string): void {
    this.signal.throwIfAborted()
    this.#asked = what
    this.#askedAt = this.#clock.now()
  }

  get asked(): string {
    return this.#asked
  }

  /** Time spent counts as `phase`; several times add up. */
  async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    const from = this.#clock.now()
    try {
      return await work()
    } finally {
      this.add(name, this.#clock.now() - from)
    }
  }

  add(name: string, ms: number): void {
    this.phases[name] = Math.round(((this.phases[name] ?? 0) + ms) * 10) / 10
  }
}

const brokenOff = new Blind('the probe was broken off before there was an answer')

/** What of its time a probe has for cleaning up. */
const cleanUpMs = (timeoutMs: number) => Math.min(250, Math.ceil(timeoutMs / 10))

/**
 * Runs the body of a probe to its finding, whatever the body does: its time ends a little before `timeoutMs`, so that
 * what it has opened is closed by then.
 */
export async function findingOf(
  { clock, timeoutMs, signal }: { clock: Clock; timeoutMs: number; signal: AbortSignal },
  body: (attempt: Attempt) => Promise<void>,
): Promise<Finding> {
  const over = new AbortController()
  const breakOff = () => over.abort(brokenOff)
  const limitMs = timeoutMs - cleanUpMs(timeoutMs)
  const cancel = clock.after(limitMs, () => over.abort(new Missed(`no answer within ${timeoutMs} ms`)))
  signal.addEventListener('abort', breakOff)
  if (signal.aborted) breakOff()
  const attempt = new Attempt(clock, over.signal)
  try {
    if (!signal.aborted) await endsSoonAfter(over.signal, cleanUpMs(timeoutMs), body(attempt), clock)
    return over.signal.aborted ? failure(attempt, over.signal.reason) : success(attempt)
  } catch (error) {
    return failure(attempt, over.signal.aborted ? over.signal.reason : error)
  } finally {
    cancel()
    signal.removeEventListener('abort', breakOff)
  }
}

/** A disk that hangs keeps the body from cleaning up; the finding must not wait for that. */
async function endsSoonAfter(
  over: AbortSignal,
  graceMs: number,
  work: Promise<void>,
  clock: Clock,
): Promise<void> {
  const late = Promise.withResolvers<never>()
  let cancel = () => {}
  const begin = () => {
    cancel = clock.after(graceMs, () => late.reject(over.reason))
  }
  over.addEventListener('abort', begin, { once: true })
  try {
    await Promise.race([work, late.promise])
  } finally {
    cancel()
    over.removeEventListener('abort', begin)
  }
}

function success({ ms, phases, warnings }: Attempt): Finding {
  return { outcome: 'ok', ms, phases, ...(warnings.length === 0 ? {} : { warning: warnings.join('; ') }) }
}

function failure(attempt: Attempt, error: unknown): Finding {
  if (error instanceof Blind) return { outcome: 'blind', why: error.message }
  if (isOurFault(error))
    return { outcome: 'blind', why: `${attempt.asked} could not be tried: ${wordsFor(error)}` }
  return { outcome: 'missed', ms: attempt.ms, why: `${attempt.asked}: ${whatCame(attempt, error)}` }
}

/** How long it took is told where it says something: not after our own limit. */
function whatCame({ signal, askedMs }: Attempt, error: unknown): string {
  if (signal.aborted && error instanceof Missed) return error.message
  return `${error instanceof Missed ? error.message : wordsFor(error)} after ${askedMs} ms`
}
