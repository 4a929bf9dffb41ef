import { lstatSync, type Stats } from 'node:fs'
import { link, lstat, mkdir, realpath, rename, rm, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseFileName, type FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import { listNames, rootOf } from '../../files/roots.ts'
import { syncFolder } from '../../files/sync-folder.ts'
import { errorCode, isAbsent } from '../../files/disk-error.ts'
import { copyDurably } from './copy-durably.ts'
import type { FileEntry, FileRecord, Look } from './file-record.ts'
import { SharedSync } from './shared-sync.ts'

/** Where the store keeps what: the files under the names administrators know, everything else out of sight. */
export class Folders {
  readonly root: string
  readonly staging: string
  readonly versions: string
  readonly journal: string
  /** Content whose record was lost with a damaged journal. */
  readonly lost: string
  /** What had to give way to what the other node has. */
  readonly rescue: string
  /** Content that waits for the journal of the other node to take the place of ours. */
  readonly reseed: string
  /** The root without links on the way to it. */
  realRoot = ''
  readonly #state: string
  readonly #syncs = new Map<string, SharedSync>()

  constructor(dataFolder: string) {
    this.root = rootOf(dataFolder, 'ftp')
    this.#state = join(dataFolder, '.state')
    this.staging = join(this.#state, 'staging')
    this.versions = join(this.#state, 'versions')
    this.journal = join(this.#state, 'journal')
    this.lost = join(this.#state, 'lost')
    this.rescue = join(this.#state, 'rescue')
    this.reseed = join(this.#state, 'reseed')
  }

  pathOf(name: FileName): string {
    return join(this.root, name)
  }

  versionPath(seq: number): string {
    return join(this.versions, String(seq))
  }

  async make(): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o750 })
    for (const folder of [this.#state, this.staging, this.versions, this.journal])
      await mkdir(folder, { recursive: true, mode: 0o750 })
    this.realRoot = await realpath(this.root)
    const [files, state] = await Promise.all([lstat(this.realRoot), lstat(this.#state)])
    if (files.dev !== state.dev)
      throw new Error(
        `${this.root} and ${this.#state} must be on one file system: files are moved between them`,
      )
    await Promise.all([this.sync(dirname(this.#state)), this.sync(this.#state)])
  }

  /** The folders a name needs. @throws Refusal where a link or a file is in their place */
  async makeParents(name: FileName): Promise<void> {
    const parts = name.split('/').slice(0, -1)
    for (const [index] of parts.entries()) {
      const folder = join(this.root, ...parts.slice(0, index + 1))
      await mkdir(folder, { mode: 0o750 }).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error
      })
      if (!(await lstat(folder)).isDirectory()) throw new Refusal('forbidden', `${folder} is not a folder`)
    }
  }

  /** Whether the file has names besides its own and those we gave it to keep it as a version. */
  isLinkedElsewhere(stats: Stats, records: readonly FileRecord[]): boolean {
    if (stats.nlink <= 1) return false
    const ours = records.filter(({ seq }) => lookAt(this.versionPath(seq))?.ino === stats.ino)
    return stats.nlink > 1 + ours.length
  }

  /** What has that name now. @throws Refusal for what is neither nothing nor a file that is only there */
  standing(name: FileName, records: readonly FileRecord[]): Stats | undefined {
    const path = this.pathOf(name)
    const stats = lookAt(path)
    if (stats?.isFile() === false) throw new Refusal('forbidden', `${path} is not a regular file`)
    if (stats !== undefined && this.isLinkedElsewhere(stats, records))
      throw new Refusal('forbidden', `${path} is a hard link to a file elsewhere`)
    return stats
  }

  /** Gives the file that stands a second name among the versions, where it stays when the first one goes. */
  async keep(name: FileName, seq: number): Promise<void> {
    const [path, version] = [this.pathOf(name), this.versionPath(seq)]
    // What a crash or an error left there is not this one.
    if (lookAt(version) !== undefined) await rm(version)
    if ((lookAt(path)?.nlink ?? 1) > 1) return this.#copy(path, version)
    try {
      await link(path, version)
    } catch (error) {
      // Linux lets nobody link a file that belongs to another user and is not theirs to write.
      if (!['EPERM', 'EMLINK', 'EACCES'].includes(String(errorCode(error)))) throw error
      await this.#copy(path, version)
    }
  }

  dropVersion(seq: number): Promise<void> {
    return rm(this.versionPath(seq), { force: true })
  }

  async moveInto(from: string, name: FileName): Promise<void> {
    await rename(from, this.pathOf(name))
  }

  async remove(name: FileName): Promise<void> {
    await unlink(this.pathOf(name)).catch((error: unknown) => {
      if (!isAbsent(error)) throw error
    })
  }

  /** Makes what happened to a name durable, and the folders it lies in. */
  async syncName(name: FileName): Promise<void> {
    const folders = [this.root]
    for (let folder = dirname(name); folder !== '.'; folder = dirname(folder))
      folders.push(join(this.root, folder))
    await Promise.all(folders.map((folder) => this.sync(folder)))
  }

  /** Makes the names in a folder durable; those who ask at once share the work. */
  async sync(folder: string): Promise<void> {
    const sync = this.#syncs.get(folder) ?? new SharedSync(() => syncFolder(folder))
    this.#syncs.set(folder, sync)
    try {
      await sync.run()
    } finally {
      if (sync.idle) this.#syncs.delete(folder)
    }
  }

  async #copy(path: string, version: string): Promise<void> {
    const passing = join(this.staging, `copy-${version.slice(version.lastIndexOf('/') + 1)}`)
    await copyDurably(path, passing, 0o640)
    await rename(passing, version)
  }
}

/** The name of user data at that place below the root; undefined for lists, dot files and impossible names. */
export function userDataName(relative: string): FileName | undefined {
  try {
    const name = parseFileName(relative)
    return name === relative && !isAddressList(name) ? name : undefined
  } catch {
    return undefined
  }
}

const lists = listNames('ftp').map((list) => list.toLowerCase())

export const isAddressList = (name: FileName): boolean => lists.includes(name.toLowerCase())

/** @returns undefined when there is nothing. Synchronous: it takes microseconds, the thread pool thirty. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

export const lookOf = ({ ino, mtimeMs }: Stats): Look => ({ ino, mtimeMs })

export const looksLike = (stats: Stats, { record, look }: FileEntry): boolean =>
  stats.isFile() && stats.size === record.size && stats.ino === look?.ino && stats.mtimeMs === look.mtimeMs
