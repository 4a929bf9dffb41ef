import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolutionMs = 20

/** How late the timers of this process fire: on a machine that has no time for it, or when something here takes too long. */
export class Lateness {
  readonly #delays = monitorEventLoopDelay({ resolution: resolutionMs })

  constructor() {
    this.#delays.enable()
  }

  /** The worst since this was last asked, in ms. */
  take(): number {
    // Node's histogram counts the resolution itself in.
    const lateMs = this.#delays.count === 0 ? 0 : Math.max(0, this.#delays.max / 1e6 - resolutionMs)
    this.#delays.reset()
    return lateMs
  }
}
