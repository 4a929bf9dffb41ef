import type { Alarms } from '../../base/alarms.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { Chain } from './chain.ts'
import { Folders } from './folders.ts'
import { Histories } from './histories.ts'
import { Journal } from './journal.ts'
import { NameLocks } from './name-locks.ts'
import type { OnStep } from './steps.ts'

/** What all parts of the store work on: what lies where, what happened to it, and whose turn a name is. */
export interface Stock {
  folders: Folders
  histories: Histories
  chain: Chain
  journal: Journal
  locks: NameLocks
  clock: Clock
  log: Log
  alarms: Alarms
  onStep: OnStep
}

export interface StockSettings {
  dataFolder: string
  /** Versions kept of each file, the current one included. */
  versions: number
  /** The journal is compacted when it is larger than this, and twice what is needed of it. */
  compactAtBytes?: number
}

/** What the other node may lack and still catch up with, instead of being seeded anew. */
const recentBatches = 5_000
const usualJournalBytes = 4_194_304

/** @param hasTwin there is a store on another node that is to become equal to this one, or this one to it */
export function makeStock(
  settings: StockSettings,
  hasTwin: boolean,
  around: Pick<Stock, 'clock' | 'log' | 'alarms' | 'onStep'>,
): Stock {
  const [folders, histories] = [new Folders(settings.dataFolder), new Histories()]
  const chain = new Chain(hasTwin ? recentBatches : 0)
  const journal = new Journal({
    ...around,
    folder: folders.journal,
    syncFolder: () => folders.sync(folders.journal),
    compactAtBytes: settings.compactAtBytes ?? usualJournalBytes,
    chain,
    histories,
    // Each record costs the versions that it cost when it happened: a later one may have been withdrawn.
    ...(hasTwin && { onRead: ({ record: { name } }) => histories.prune(name, settings.versions) }),
  })
  return { ...around, folders, histories, chain, journal, locks: new NameLocks() }
}
