import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { dayMs, type Bin } from './bin.ts'
import type { Journal } from './journal.ts'

export interface HousekeepingParts {
  journal: Journal
  bin: Bin
  /** Looks at what was done by hand. */
  lookThrough: () => Promise<void>
  clock: Clock
  log: Log
}

/** Once a day: looks at what was changed by hand, and empties the bin. What fails today is tried tomorrow. */
export async function keepHouse(parts: HousekeepingParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await parts.clock.sleep(dayMs, signal).catch(() => {})
    if (signal.aborted || parts.journal.broken !== undefined) continue
    try {
      await parts.lookThrough()
      await parts.bin.purge()
    } catch (error) {
      parts.log.error({ err: error }, 'user data not looked through')
    }
  }
}
