import type { Clock } from '../../../lib/base/clock.ts'
import type { Log } from '../../../lib/base/log.ts'
import { messageOf } from '../../../lib/base/message-of.ts'
import { NoSpace, WrongContent, type Blobs, type Source } from './blobs.ts'
import type { Content } from '../manifest.ts'

export interface FetcherParts {
  blobs: Blobs
  /** The bytes of a content, as the active node has it. */
  ask: (sha256: string, from: number, signal: AbortSignal) => AsyncIterable<Buffer>
  clock: Clock
  log: Log
  /** One more content is here, or one more failed to come. */
  onNews: () => void
}

export interface FetchProblem {
  sha256: string
  why: string
  /** Neither the connection nor a file that changed meanwhile: a person should know. */
  isAlarming: boolean
}

interface Failed extends FetchProblem {
  times: number
  retryAt: number
}

/** Small files do not wait behind a firmware on a slow line. */
const smallBytes = 1_048_576
const lanes = ['small', 'large'] as const
type Lane = (typeof lanes)[number]

/** Fetches contents, the smallest first, one at a time in each lane, and again and again until they are here. */
export class Fetcher {
  readonly #parts: FetcherParts
  readonly #busy = new Map<Lane, { sha256: string; cut: AbortController; done: Promise<void> }>()
  readonly #failed = new Map<string, Failed>()
  #wanted: readonly Content[] = []
  #cancelRetry = () => {}
  #stopped = false

  constructor(parts: FetcherParts) {
    this.#parts = parts
  }

  /** Instead of what was wanted before. */
  want(contents: readonly Content[]): void {
    this.#wanted = contents
    const wanted = new Set(contents.map(({ sha256 }) => sha256))
    for (const { sha256, cut } of this.#busy.values()) if (!wanted.has(sha256)) cut.abort()
    for (const sha256 of this.#failed.keys()) if (!wanted.has(sha256)) this.#failed.delete(sha256)
    this.#pump()
  }

  /** What was wanted and failed is tried again without delay. */
  retryNow(): void {
    for (const failed of this.#failed.values()) failed.retryAt = 0
    this.#pump()
  }

  problems(): readonly FetchProblem[] {
    return [...this.#failed.values()]
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelRetry()
    const busy = [...this.#busy.values()]
    for (const { cut } of busy) cut.abort()
    await Promise.all(busy.map(({ done }) => done))
  }

  #pump(): void {
    this.#cancelRetry()
    if (this.#stopped) return
    for (const lane of lanes) {
      if (this.#busy.has(lane)) continue
      const next = this.#due().find((content) => laneOf(content) === lane)
      if (next === undefined) continue
      const cut = new AbortController()
      const done = this.#fetch(next, cut.signal).finally(() => {
        this.#busy.delete(lane)
        this.#pump()
        this.#parts.onNews()
      })
      this.#busy.set(lane, { sha256: next.sha256, cut, done })
    }
    this.#retryLater()
  }

  #due(): Content[] {
    const now = this.#parts.clock.now()
    return this.#wanted.filter(
      ({ sha256 }) => !this.#parts.blobs.has(sha256) && (this.#failed.get(sha256)?.retryAt ?? 0) <= now,
    )
  }

  #retryLater(): void {
    const next = Math.min(...[...this.#failed.values()].map(({ retryAt }) => retryAt))
    const now = this.#parts.clock.now()
    if (next > now && next < Infinity)
      this.#cancelRetry = this.#parts.clock.after(next - now, () => this.#pump())
  }

  /** Never rejects. */
  async #fetch(content: Content, signal: AbortSignal): Promise<void> {
    const { blobs, ask, clock, log } = this.#parts
    const startedAt = clock.now()
    const source: Source = (from) => ask(content.sha256, from, signal)
    try {
      await blobs.receive(content, source, signal)
      this.#failed.delete(content.sha256)
      const ms = Math.round(clock.now() - startedAt)
      log.debug({ content: content.sha256.slice(0, 12), bytes: content.size, ms }, 'mirror content fetched')
    } catch (error) {
      if (!signal.aborted) this.#fail(content, error)
    }
  }

  #fail({ sha256, size }: Content, error: unknown): void {
    const { clock, log } = this.#parts
    const why = messageOf(error)
    const times = (this.#failed.get(sha256)?.times ?? 0) + 1
    const isAlarming = error instanceof NoSpace || error instanceof WrongContent
    const inMs = retryMs(times)
    this.#failed.set(sha256, { sha256, why, isAlarming, times, retryAt: clock.now() + inMs })
    log[isAlarming ? 'warn' : 'debug'](
      { content: sha256.slice(0, 12), bytes: size, why, times, inMs },
      'mirror content not fetched',
    )
  }
}

const laneOf = ({ size }: Content): Lane => (size <= smallBytes ? 'small' : 'large')

/** Twice as long each time, a minute at most. */
export const retryMs = (times: number): number => Math.min(60_000, 500 * 2 ** (times - 1))
