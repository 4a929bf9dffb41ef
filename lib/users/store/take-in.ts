import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Log } from '../../base/log.ts'
import type { FileName } from '../../files/file-name.ts'
import { isProbeName } from '../../files/probe-files.ts'
import { Refusal } from '../../files/refusal.ts'
import { userDataName, type Folders } from './folders.ts'
import type { Stock } from './stock.ts'

/** So many at a time share what must be made durable. */
const atOnce = 64

/** Looks at every file there is or should be. One that cannot be taken in is left alone, and said. */
export async function takeInAll(
  { folders, histories, log }: Stock,
  takeIn: (name: FileName) => Promise<void>,
): Promise<void> {
  const names = [...new Set([...histories.names(), ...(await namesOnDisk(folders, log))])]
  for (let from = 0; from < names.length; from += atOnce) {
    await Promise.all(names.slice(from, from + atOnce).map((name) => orLeaveAlone(name, takeIn, log)))
    await breathe()
  }
}

async function orLeaveAlone(
  name: FileName,
  takeIn: (name: FileName) => Promise<void>,
  log: Log,
): Promise<void> {
  try {
    await takeIn(name)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    log.warn({ file: name, reason: error.reason, detail: error.detail }, 'user data on disk left alone')
  }
}

/** Regular files, not by way of links; what cannot be the name of user data is nobody's, or the watchdog's. */
export async function namesOnDisk(folders: Folders, log: Log): Promise<FileName[]> {
  const names: FileName[] = []
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    const folder = join(folders.root, below)
    const entries = await readdir(folder, { withFileTypes: true }).catch((err: unknown) => {
      log.warn({ folder, err }, 'folder of user data unreadable')
      return []
    })
    for (const entry of entries) {
      const name = userDataName(below === '' ? entry.name : `${below}/${entry.name}`)
      if (name === undefined || isProbeName(name)) continue
      if (entry.isDirectory()) waiting.push(name)
      else if (entry.isFile()) names.push(name)
    }
  }
  return names
}
