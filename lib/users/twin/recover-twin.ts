import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileRecord } from '../store/file-record.ts'
import { beginAnew, dropUnknown, StagedContent, type RecoveryParts } from '../store/recovery.ts'
import type { Reseed } from './reseed.ts'
import type { Standing } from './standing.ts'

export interface TwinRecoveryParts extends RecoveryParts {
  standing: Standing
  reseed: Reseed
}

export interface Recovered {
  /** The journal is not all that it was. */
  isDamaged: boolean
  /** Versions whose content is not there. */
  missing: FileRecord[]
}

/**
 * As `recover`, for one of two nodes before it knows which it is: what was under way is completed, but nothing happens
 * here that has not happened yet. What was changed by hand stays as it is.
 */
export async function recoverTwin(parts: TwinRecoveryParts): Promise<Recovered> {
  const { folders, histories, chain, journal, writer, standing, reseed } = parts
  const state = await journal.load()
  chain.copy()
  if (state === 'damaged') chain.disown()
  if (state !== 'whole') await beginAnew(parts, state)
  await reseed.finish()
  const staged = new StagedContent(folders)
  for (const name of histories.names()) await standing.settle(name, { take: ({ hash }) => staged.take(hash) })
  for (const name of histories.names()) await writer.prune(name)
  const there = await dropUnknown(folders, histories)
  for (const name of await readdir(folders.staging)) await rm(join(folders.staging, name), { force: true })
  await Promise.all([folders.root, folders.versions, folders.staging].map((folder) => folders.sync(folder)))
  // What is in the journal besides is what the other node may lack: it goes when there is much of it.
  if (histories.looksChanged) await journal.compact()
  const missing = histories.keptVersions().filter(({ seq }) => !there.has(seq))
  return { isDamaged: state === 'damaged', missing }
}
