import type { Alarms } from '../lib/base/alarms.ts'
import type { Clock } from '../lib/base/clock.ts'
import type { Config } from '../lib/base/config.ts'
import type { Log } from '../lib/base/log.ts'
import { perProtocol } from '../lib/base/protocol.ts'
import { AddressLists } from '../lib/files/address-lists.ts'
import { Admission } from '../lib/files/admission.ts'
import { kindOf } from '../lib/files/file-kind.ts'
import { parseFileName } from '../lib/files/file-name.ts'
import { FolderIndex } from '../lib/files/folder-index.ts'
import type { HotFiles } from '../lib/files/hot-files.ts'
import { NearMiss } from '../lib/files/near-miss.ts'
import type { ProbeFiles } from '../lib/files/probe-files.ts'
import { rootOf } from '../lib/files/roots.ts'
import { FileService } from '../lib/files/service.ts'
import { FileStore } from '../lib/files/store.ts'
import type { WriteGate } from '../lib/users/store/write-gate.ts'
import { assembleUsers, type Users } from './assemble-users.ts'

export interface Files {
  files: FileService
  users: Users
  lists: AddressLists
  admission: Admission
}

interface Collaborators {
  hot: HotFiles
  probes: ProbeFiles
  /** Where this node is one of two. */
  gate: WriteGate | undefined
  alarms: Alarms
  clock: Clock
  log: Log
}

/** Wires what stands between a door and the disk. */
export function assembleFiles(
  config: Config,
  { hot, probes, gate, alarms, clock, log }: Collaborators,
): Files {
  const { folder } = config.data
  const index = new FolderIndex()
  const stores = perProtocol((protocol) => new FileStore(rootOf(folder, protocol), { hot, index, log }))
  const lists = new AddressLists(folder, { alarms })
  const admission = new Admission({
    maxClients: config.access.maxClients,
    sessionMs: config.access.sessionSeconds * 1000,
  })
  const nearMiss = new NearMiss(folder, { index, clock })
  const users = assembleUsers(config, { hot, probes, gate, lists, admission, alarms, clock, log })
  const files = new FileService({ stores, lists, admission, nearMiss, users: users.data, probes, clock, log })
  return { files, users, lists, admission }
}

/** Kind of a file by the name as a phone asked for it, whatever it asked. */
export function kindOfAsked(asked: string): string {
  try {
    return kindOf(parseFileName(asked))
  } catch {
    return 'other'
  }
}
