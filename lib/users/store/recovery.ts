import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileName } from '../../files/file-name.ts'
import { hashFile } from './content.ts'
import type { FileEntry } from './file-record.ts'
import { looksLike, lookAt, lookOf, type Folders } from './folders.ts'
import type { Histories } from './histories.ts'
import { journalAlarm } from './segments.ts'
import type { Stock } from './stock.ts'
import { takeInAll } from './take-in.ts'
import type { Writer } from './writer.ts'

export interface RecoveryParts extends Stock {
  writer: Pick<Writer, 'takeIn' | 'prune'>
}

/**
 * Brings journal and disk together after whatever happened: changes that were under way are completed or forgotten,
 * and what was done by hand is taken in. What is known and looks as it did is not read.
 */
export async function recover(parts: RecoveryParts): Promise<void> {
  const { folders, histories, journal, writer } = parts
  const state = await journal.load()
  if (state !== 'whole') await beginAnew(parts, state)
  const staged = new StagedContent(folders)
  for (const name of histories.names()) {
    const current = histories.current(name)
    if (current === undefined) await finishRemoval(parts, name)
    else await finishPut(parts, current, staged)
  }
  await takeInAll(parts, (name) => writer.takeIn(name))
  for (const name of histories.names()) await writer.prune(name)
  await tidyVersions(parts)
  for (const name of await readdir(folders.staging)) await rm(join(folders.staging, name), { force: true })
  // A rename that a killed process left may not be durable yet, and must be before its content is acknowledged anew.
  await Promise.all([folders.root, folders.versions, folders.staging].map((folder) => folders.sync(folder)))
  await journal.tidy()
}

/** Versions that the journal no longer tells of are put aside: somebody may still be glad of them. */
export async function beginAnew(
  { folders, histories, chain, journal, alarms }: Stock,
  state: 'damaged' | 'missing',
): Promise<void> {
  const known = new Set(histories.names().flatMap((name) => histories.of(name).map(({ seq }) => seq)))
  const kept = numbersOf(await readdir(folders.versions))
  await mkdir(folders.lost, { recursive: true, mode: 0o750 })
  for (const seq of kept.filter((number) => !known.has(number)))
    await rename(folders.versionPath(seq), join(folders.lost, String(seq)))
  await folders.sync(folders.lost)
  chain.reserve(Math.max(0, ...kept, ...numbersOf(await readdir(folders.lost))))
  if (state === 'missing' && kept.length > 0)
    alarms.raise(
      journalAlarm,
      `there is no journal in ${folders.journal}; files on disk are taken in anew, their old versions lie in ${folders.lost}`,
    )
  await journal.compact()
}

/** The record is durable, so the deletion happens, unless somebody has put another file there since. */
async function finishRemoval({ folders, histories }: Stock, name: FileName): Promise<void> {
  const deleted = histories.lastPut(name)
  const stats = lookAt(folders.pathOf(name))
  if (deleted === undefined || stats === undefined || !looksLike(stats, deleted)) return
  if (lookAt(folders.versionPath(deleted.record.seq)) === undefined) return
  await folders.remove(name)
  await folders.syncName(name)
}

/** The record is durable, and so is the content: where it does not stand, it lies in staging. */
async function finishPut(parts: Stock, entry: FileEntry, staged: StagedContent): Promise<void> {
  const { folders, histories } = parts
  const { name, seq, hash } = entry.record
  const path = folders.pathOf(name)
  const stats = lookAt(path)
  if (stats !== undefined && looksLike(stats, entry)) return
  const content = await staged.take(hash)
  if (content === undefined) return
  const found = stats?.isFile() === true ? await hashFile(path) : undefined
  if (stats !== undefined && found === hash) return
  const replaced = histories.of(name).find((record) => record.op === 'put' && record.hash === found)
  if (stats === undefined) await folders.makeParents(name)
  else if (replaced === undefined) {
    // Changed by hand since: that is the newer one, and ours is the version before it.
    await rename(content, folders.versionPath(seq))
    return folders.sync(folders.versions)
  } else if (lookAt(folders.versionPath(replaced.seq)) === undefined) {
    await folders.keep(name, replaced.seq)
    await folders.sync(folders.versions)
  }
  await folders.moveInto(content, name)
  await folders.syncName(name)
  const now = lookAt(path)
  if (now !== undefined) histories.setLook(name, lookOf(now))
}

/** What uploads left behind, by content; read only when something is missing. */
export class StagedContent {
  readonly #folders: Folders
  #paths: Map<string, string> | undefined

  constructor(folders: Folders) {
    this.#folders = folders
  }

  /** @returns the path of a file with that content, which nobody else gets */
  async take(hash: string): Promise<string | undefined> {
    this.#paths ??= await this.#read()
    for (const [path, found] of this.#paths) {
      if (found !== hash) continue
      this.#paths.delete(path)
      return path
    }
    return undefined
  }

  async #read(): Promise<Map<string, string>> {
    const { staging } = this.#folders
    const paths = new Map<string, string>()
    for (const name of await readdir(staging)) {
      const found = await hashFile(join(staging, name))
      if (found !== undefined) paths.set(join(staging, name), found)
    }
    return paths
  }
}

/** Removes content that no record is left of, and forgets records whose content is gone. */
async function tidyVersions({ folders, histories, journal, log }: Stock): Promise<void> {
  const there = await dropUnknown(folders, histories)
  const gone = histories.keptVersions().filter(({ seq }) => !there.has(seq))
  if (gone.length === 0) return
  await journal.append(gone.map(({ name, seq }) => ({ record: { op: 'void', name, of: seq } })))
  log.warn(
    { versions: gone.length, file: gone[0]?.name, folder: folders.versions },
    'versions of user data are gone',
  )
}

/** Removes content that no record is left of. @returns the versions that were there */
export async function dropUnknown(folders: Folders, histories: Histories): Promise<Set<number>> {
  const there = new Set(numbersOf(await readdir(folders.versions)))
  const known = new Set(histories.keptVersions().map(({ seq }) => seq))
  for (const seq of there) if (!known.has(seq)) await folders.dropVersion(seq)
  return there
}

const numbersOf = (names: readonly string[]) => names.filter((name) => /^\d+$/.test(name)).map(Number)
