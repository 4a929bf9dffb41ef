import { dayMs, type Bin } from './bin.ts'
import type { Stock } from './stock.ts'

export interface HousekeepingParts extends Stock {
  bin: Bin
  /** Looks at what was done by hand. */
  lookThrough: () => Promise<void>
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
