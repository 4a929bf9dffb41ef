import { join } from 'node:path'
import type { Alarms } from '../lib/base/alarms.ts'
import type { Clock } from '../lib/base/clock.ts'
import type { Component } from '../lib/base/component.ts'
import type { Config } from '../lib/base/config.ts'
import type { Log } from '../lib/base/log.ts'
import type { AddressLists } from '../lib/files/address-lists.ts'
import type { Admission } from '../lib/files/admission.ts'
import { DataFolders } from '../lib/files/data-folders.ts'
import type { HotFiles } from '../lib/files/hot-files.ts'
import type { ProbeFiles } from '../lib/files/probe-files.ts'
import type { Logins } from '../lib/files/view.ts'
import { FtpCopy } from '../lib/offsite/ftp-copy.ts'
import { Credentials } from '../lib/phones/credentials.ts'
import { SnmpDirectory } from '../lib/phones/directory.ts'
import { snmpAsk } from '../lib/phones/snmp.ts'
import type { UserDataStatus } from '../lib/status/snapshot.ts'
import { UserAccess } from '../lib/users/access.ts'
import { Archive } from '../lib/users/archive/archive.ts'
import { Archivist } from '../lib/users/archive/archivist.ts'
import { Backups } from '../lib/users/backups.ts'
import { UserLogins } from '../lib/users/logins.ts'
import { UserNames } from '../lib/users/names.ts'
import { UserStore } from '../lib/users/store/user-store.ts'
import type { WriteGate } from '../lib/users/store/write-gate.ts'
import { UserData } from '../lib/users/user-data.ts'

export interface Users {
  data: UserData
  store: UserStore
  logins: Logins
  backups: Backups
  archive: Archive
  directory: SnmpDirectory
  status: () => UserDataStatus
  /** To be started before the doors open. */
  parts: Component[]
  /** To be started after them. */
  laterParts: Component[]
}

interface Collaborators {
  hot: HotFiles
  probes: ProbeFiles
  /** Where this node is one of two. */
  gate: WriteGate | undefined
  lists: AddressLists
  admission: Admission
  alarms: Alarms
  clock: Clock
  log: Log
}

/** Wires what phones save for their users: who they are, what they may touch, where it lies, and its copies. */
export function assembleUsers(config: Config, collaborators: Collaborators): Users {
  const { data, userData, superUser } = config
  const { gate, ...parts } = collaborators
  const { lists, admission, probes, clock, log } = parts
  const directory = new SnmpDirectory(config.snmp, { ...collaborators, ask: snmpAsk(config.snmp) })
  const credentials = new Credentials(userData, collaborators)
  const access = new UserAccess(userData, { directory, lists, credentials })
  const names = new UserNames(userData, probes)
  const store = new UserStore(
    { ...userData, dataFolder: data.folder },
    { ...parts, ...(gate === undefined ? {} : { gate }) },
  )
  const folders = new DataFolders(data.folder, { maxBytes: superUser.maxMb * 1_048_576 })
  const archive = new Archive(join(data.folder, 'archive'), { ...collaborators, store })
  const copy =
    config.ftpCopy.host === ''
      ? undefined
      : new FtpCopy(
          { ...config.ftpCopy, dataFolder: data.folder },
          { ...collaborators, store, isOurs: () => store.twin.leads },
        )
  return {
    data: new UserData(userData, { names, access, store }),
    store,
    logins: new UserLogins(superUser, { names, access, store, folders, admission, probes, clock, log }),
    backups: new Backups({ store, names }),
    archive,
    directory,
    status: () => statusOf(config, store, copy),
    parts: [sweeper(folders), store, directory],
    laterParts: [
      new Archivist(config.archive, { archive, clock, log }),
      ...(copy === undefined ? [] : [copy]),
    ],
  }
}

const sweeper = (folders: DataFolders): Component => ({
  name: 'data folders',
  start: () => folders.sweep(),
  stop: async () => {},
})

function statusOf(
  { userData, superUser }: Config,
  store: UserStore,
  copy: FtpCopy | undefined,
): UserDataStatus {
  const files = store.files()
  const { ftp, http, https, policies } = userData
  return {
    policies: { ftp, http, https, networks: policies },
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    superUser: superUser.password !== '',
    ...(copy === undefined ? {} : { copy: copy.status() }),
  }
}
