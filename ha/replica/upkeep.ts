import type { Clock } from '../../lib/base/clock.ts'
import type { Alarms } from '../../lib/base/alarms.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Damaged } from '../../lib/users/twin/scrub.ts'
import type { Twin } from '../../lib/users/twin/twin.ts'
import type { Exchange } from './exchange.ts'

export interface UpkeepParts {
  twin: Twin
  clock: Clock
  log: Log
  alarms: Alarms
  /** From 0 to below 1. */
  random: () => number
  /** The connection to the other node; undefined: there is none. */
  exchange: () => Pick<Exchange, 'ask'> | undefined
}

export interface ScrubReport {
  at: string
  damaged: number
  repaired: number
}

const lookEveryMs = 60_000
const dayMs = 86_400_000
const alarmSubject = 'damaged user data'

/** Finds what the disk has spoiled, once a day, and has it mended from the other node. */
export class Upkeep {
  readonly #parts: UpkeepParts
  #damaged: readonly Damaged[] = []
  #lastScrub: ScrubReport | undefined
  #scrubbing: Promise<ScrubReport> | undefined

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  get damaged(): readonly Damaged[] {
    return this.#damaged
  }

  get lastScrub(): ScrubReport | undefined {
    return this.#lastScrub
  }

  /** Both nodes at another time of the day, so that phones never wait for two disks. */
  async keepLooking(signal: AbortSignal): Promise<void> {
    const { clock, log, random, twin } = this.#parts
    this.#damaged = twin.missing
    let scrubAt = clock.now() + random() * dayMs
    while (!signal.aborted) {
      await clock.sleep(lookEveryMs, signal).catch(() => {})
      if (signal.aborted) return
      try {
        await twin.lookThrough(signal)
        if (clock.now() >= scrubAt) {
          scrubAt = clock.now() + dayMs * (0.9 + 0.2 * random())
          await this.scrub(signal)
        } else await this.#repairAll()
      } catch (err) {
        if (!signal.aborted) log.error({ err }, 'user data not looked through')
      }
    }
  }

  /** Reads everything now; whoever asks while it is at it gets the same report. */
  scrub(signal: AbortSignal): Promise<ScrubReport> {
    this.#scrubbing ??= this.#scrub(signal).finally(() => (this.#scrubbing = undefined))
    return this.#scrubbing
  }

  async #scrub(signal: AbortSignal): Promise<ScrubReport> {
    const { twin, clock, log } = this.#parts
    this.#damaged = await twin.scrub.run(signal)
    const damaged = this.#damaged.length
    await this.#repairAll()
    const report = { at: clock.wallTime().toISOString(), damaged, repaired: damaged - this.#damaged.length }
    log.info(report, 'user data read through')
    this.#lastScrub = report
    return report
  }

  async #repairAll(): Promise<void> {
    const { alarms } = this.#parts
    const left: Damaged[] = []
    for (const damaged of this.#damaged) if (!(await this.#repair(damaged))) left.push(damaged)
    this.#damaged = left
    const [first] = left
    if (first === undefined) return alarms.clear(alarmSubject)
    alarms.raise(
      alarmSubject,
      `${left.length} versions of user data are damaged on this node's disk, and the other node could not mend them yet, among them version ${first.seq} of ${first.name}; check the disk`,
    )
  }

  /** @returns whether it is whole again, or not needed any more */
  async #repair(damaged: Damaged): Promise<boolean> {
    const { twin, exchange, log } = this.#parts
    const { name: file, seq: version } = damaged
    try {
      const content = await exchange()?.ask(damaged)
      if (content === undefined) return false
      const isRepaired = await twin.scrub.repair(damaged, content)
      if (isRepaired) log.info({ file, version }, 'user data repaired from the other node')
      return true
    } catch (err) {
      log.warn({ file, version, err }, 'user data not repaired')
      return false
    }
  }
}
