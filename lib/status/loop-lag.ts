import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Component } from '../base/component.ts'

const resolutionMs = 10
/** Shown numbers are of the last minute or two, so that a hiccup at start does not stay for ever. */
const forgetMs = 60_000

/** How late this process's event loop runs. Node's histogram counts the resolution itself in; it is taken off. */
export class LoopLag implements Component {
  readonly name = 'loop lag'
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  #timer: NodeJS.Timeout | undefined

  async start(): Promise<void> {
    this.#histogram.enable()
    this.#timer = setInterval(() => this.#histogram.reset(), forgetMs).unref()
  }

  async stop(): Promise<void> {
    this.#histogram.disable()
    clearInterval(this.#timer)
  }

  /** Milliseconds beyond what was asked for. */
  read(): { p50: number; p99: number; max: number } {
    const late = (nanoseconds: number) =>
      Math.max(0, Math.round((nanoseconds / 1e6 - resolutionMs) * 10) / 10)
    if (this.#histogram.count === 0) return { p50: 0, p99: 0, max: 0 }
    return {
      p50: late(this.#histogram.percentile(50)),
      p99: late(this.#histogram.percentile(99)),
      max: late(this.#histogram.max),
    }
  }
}
