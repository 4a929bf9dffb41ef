import { messageOf } from '../../base/message-of.ts'
import { parseFileName, type FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import type { ArchivedStore } from './archived-store.ts'
import type { ArchivedFile } from './manifest.ts'
import type { MonthFolders } from './month-folders.ts'
import type { Month } from './month.ts'
import { readPacked, sha256 } from './packed-file.ts'

export interface RestoreReport {
  /** Put back as new versions. */
  restored: FileName[]
  /** The current version is the same. */
  unchanged: FileName[]
  refused: { name: FileName; why: string }[]
}

/**
 * Puts a month's files, or the one named, back as new versions. A damaged one is refused, and keeps no other back.
 * @throws Refusal when there is no such month or file
 */
export async function restoreMonth(
  month: Month,
  name: string | undefined,
  folders: MonthFolders,
  store: ArchivedStore,
): Promise<RestoreReport> {
  const manifest = await folders.manifest(month)
  if (manifest === undefined) throw new Refusal('notFound', `there is no archive of ${month}`)
  const only = name === undefined ? undefined : parseFileName(name)
  const chosen = manifest.files.filter((file) => only === undefined || file.name === only)
  if (only !== undefined && chosen.length === 0)
    throw new Refusal('notFound', `${only} is not in the archive of ${month}`)
  const report: RestoreReport = { restored: [], unchanged: [], refused: [] }
  for (const file of chosen) {
    try {
      const how = await restoreFile(month, file, folders.pathOf(month, file.name), store)
      report[how].push(file.name)
    } catch (error) {
      report.refused.push({ name: file.name, why: messageOf(error) })
    }
  }
  return report
}

async function restoreFile(
  month: Month,
  { name, size, hash }: ArchivedFile,
  path: string,
  store: ArchivedStore,
): Promise<'restored' | 'unchanged'> {
  const { content, damage } = await readPacked(path, size)
  const found = sha256(content)
  if (found !== hash) throw new Error(damaged(hash, found, damage))
  const current = store.versions(name)[0]
  if (current?.op === 'put' && current.hash === hash) return 'unchanged'
  const why = `restored from the archive of ${month}`
  await store.putContent(name, content, { protocol: 'local', address: '', why })
  return 'restored'
}

const damaged = (hash: string, found: string, damage = 'other content') =>
  `the archived file is damaged (${damage}): its content had the hash ${hash} when it was made, and has ${found} now`
