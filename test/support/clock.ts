import type { Clock } from '../../lib/base/clock.ts'

/** A clock that stands still until told to go on. */
export class TestClock implements Clock {
  #nowMs: number
  #wallMs: number
  readonly #timers = new Set<{ at: number; task: () => void }>()

  constructor(nowMs = 0, wall = new Date('2026-11-22T12:00:00Z')) {
    this.#nowMs = nowMs
    this.#wallMs = wall.getTime()
  }

  now(): number {
    return this.#nowMs
  }

  wallTime(): Date {
    return new Date(this.#wallMs)
  }

  after(ms: number, task: () => void): () => void {
    const timer = { at: this.#nowMs + ms, task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const cancel = this.after(ms, resolve)
    const abort = () => {
      cancel()
      reject(new DOMException('The operation was aborted', 'AbortError'))
    }
    if (signal?.aborted === true) abort()
    signal?.addEventListener('abort', abort, { once: true })
    await promise
  }

  /** Both clocks go on; due timers run in order. */
  advance(ms: number): void {
    const end = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#wallMs += due.at - this.#nowMs
      this.#nowMs = due.at
      due.task()
    }
    this.#wallMs += end - this.#nowMs
    this.#nowMs = end
  }

  /** Somebody sets the wall clock; the monotonic one does not care. */
  setWall(wall: Date): void {
    this.#wallMs = wall.getTime()
  }
}
