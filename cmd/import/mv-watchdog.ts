import { dropped } from '../../lib/base/import/verdict.ts'
import { comesWith, type RuleTable } from './rules.ts'

const watchdog = comesWith('the watchdog')

/** Every key of MV_WatchDog.ini. Our watchdog is a program of its own, with settings of its own. */
export const mvWatchdog: RuleTable = {
  Settings: {
    Version: () => dropped('written by the old program for itself'),
    HostAddress: watchdog,
    WatchDogTimer: watchdog,
    FailureLimit: watchdog,
    StatusPort: watchdog,
    StatusRefresh: watchdog,
    LogFile: watchdog,
  },
}
