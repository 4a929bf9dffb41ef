import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { dayMs, type Bin } from './bin.ts'
import type { Folders } from './folders.ts'
import type { Histories } from './histories.ts'
import type { Journal } from './journal.ts'
import type { NameLocks } from './name-locks.ts'
import { takeInAll } from './take-in.ts'
import type { Writer } from './writer.ts'

export interface HousekeepingParts {
  folders: Folders
  histories: Histories
  journal: Journal
  locks: NameLocks
  writer: Writer
  bin: Bin
  clock: Clock
  log: Log
}

/** Once a day: takes in what was changed by hand, and empties the bin. What fails today is tried tomorrow. */
export async function keepHouse(parts: HousekeepingParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await parts.clock.sleep(dayMs, signal).catch(() => {})
    if (signal.aborted || parts.journal.broken !== undefined) continue
    try {
      await takeInAll(parts, (name) => parts.locks.run([name], () => parts.writer.takeIn(name)))
      await parts.bin.purge()
    } catch (error) {
      parts.log.error({ err: error }, 'user data not looked through')
    }
  }
}
