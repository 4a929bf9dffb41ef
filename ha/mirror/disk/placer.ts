import { lstat, mkdir, open, readdir, rename, rm, rmdir, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import type { Log } from '../../../lib/base/log.ts'
import { errorCode } from '../../../lib/files/disk-error.ts'
import { sameIdentity, type Identity } from '../../../lib/files/hot-files.ts'
import { syncFolder } from '../../../lib/files/sync-folder.ts'
import { lookAt } from '../../../lib/users/store/folders.ts'
import { tagOf, type MirrorPath } from '../layout.ts'
import type { Entry } from '../manifest.ts'
import type { Places } from '../places.ts'
import { ContentChanged, openForReading } from './content.ts'
import { copyTo } from './copy.ts'

/** What begins with a dot is served to nobody. */
export const leftoverPrefix = '.mirror-'

/** Where a content is taken from. */
export interface Taken {
  path: string
  /** Nobody else needs it there: it is moved if it lies on the same disk. */
  isLast: boolean
}

/** Changes files in the places of both nodes: whole, durable, and never one that changed since it was looked at. */
export class Placer {
  readonly #places: Places
  readonly #log: Log

  constructor(places: Places, { log }: { log: Log }) {
    this.#places = places
    this.#log = log
  }

  /**
   * @param seen the file that is to be replaced; undefined: none stands there
   * @throws ContentChanged when something else stands there, or `taken` does not hold what the entry says
   */
  async place(entry: Entry, taken: Taken, seen: Identity | undefined): Promise<void> {
    const target = this.#pathOf(entry.path)
    await this.#makeFolders(entry.path)
    if (!taken.isLast || !(await this.#move(entry, { from: taken.path, target, seen })))
      await this.#copy(entry, { from: taken.path, target, seen })
    this.#checkDate(entry, target)
  }

  /** Gives a file whose content is right the date and the mode it should have. */
  async settle(entry: Entry, seen: Identity): Promise<void> {
    const target = this.#pathOf(entry.path)
    const handle = await openForReading(target)
    try {
      if (!sameIdentity(await handle.stat(), seen)) throw new ContentChanged(`${target} changed meanwhile`)
      await dress(handle, entry)
    } catch (error) {
      // A file that belongs to another user, laid on both nodes by hand.
      if (errorCode(error) !== 'EPERM') throw error
      await this.#copy(entry, { from: target, target, seen })
    } finally {
      await handle.close()
    }
    this.#checkDate(entry, target)
  }

  /** Folders that are empty then go too. */
  async remove(path: MirrorPath, seen: Identity | undefined): Promise<void> {
    const target = this.#pathOf(path)
    checkStanding(target, seen)
    await unlink(target)
    await syncFolder(dirname(target))
    const top = this.#places.topOf(path)
    for (
      let folder = dirname(target);
      folder !== top && folder.startsWith(`${top}/`);
      folder = dirname(folder)
    ) {
      const wasEmpty = await rmdir(folder).then(
        () => true,
        () => false,
      )
      if (!wasEmpty) return
    }
  }

  /** Moves what stands in the way of that file below `folder`. @returns false when nothing does */
  async rescue(path: MirrorPath, folder: string): Promise<boolean> {
    const from = this.#obstacleTo(path)
    if (from === undefined) return false
    const top = this.#places.topOf(path) ?? ''
    const to = join(folder, from === this.#pathOf(path) ? path : join(tagOf(path), relative(top, from)))
    await mkdir(dirname(to), { recursive: true, mode: 0o750 })
    await rename(from, to).catch(async (error: unknown) => {
      if (errorCode(error) !== 'EXDEV') throw error
      await copyTo(to, from, 'wx')
      await unlink(from)
    })
    await syncFolder(dirname(to))
    await syncFolder(dirname(from))
    return true
  }

  /** Takes away what was under way when the process ended. */
  async sweep(): Promise<void> {
    for (const { tag, path } of this.#places.folders()) {
      const found = await readdir(path, { recursive: tag !== 'FTPdata', withFileTypes: true }).catch(() => [])
      for (const { name, parentPath } of found)
        if (name.startsWith(leftoverPrefix)) await remove(parentPath, name)
    }
    for (const { path } of this.#places.files()) {
      for (const name of await readdir(dirname(path)).catch(() => []))
        if (name.startsWith(leftoverPrefix)) await remove(dirname(path), name)
    }
  }

  #pathOf(path: MirrorPath): string {
    const found = this.#places.pathOf(path)
    if (found === undefined) throw new Error(`${path} has no place in the settings of this node`)
    return found
  }

  /** What stands there, or the link or file that stands in the place of a folder on the way: that is not followed. */
  #obstacleTo(path: MirrorPath): string | undefined {
    const [top, target] = [this.#places.topOf(path) ?? '', this.#pathOf(path)]
    let way = top
    for (const part of relative(top, target).split('/')) {
      way = join(way, part)
      const stats = lookAt(way)
      if (stats === undefined) return undefined
      if (!stats.isDirectory()) return way
    }
    return undefined
  }

  /** A link in the place of a folder may lead anywhere. */
  async #makeFolders(path: MirrorPath): Promise<void> {
    const [top, target] = [this.#places.topOf(path) ?? '', this.#pathOf(path)]
    let folder = top
    for (const part of relative(top, dirname(target)).split('/')) {
      if (part === '') continue
      const above = folder
      folder = join(folder, part)
      const made = await mkdir(folder, { mode: 0o755 }).then(
        () => true,
        (error: unknown) => {
          if (errorCode(error) !== 'EEXIST') throw error
          return false
        },
      )
      if (made) await syncFolder(above)
      else if (!(await lstat(folder)).isDirectory()) throw new Error(`${folder} is no folder; move it away`)
    }
  }

  /** @returns false when the two are not on one disk */
  async #move(entry: Entry, { from, target, seen }: Way): Promise<boolean> {
    const handle = await open(from, 'r+')
    try {
      await dress(handle, entry)
    } finally {
      await handle.close()
    }
    checkStanding(target, seen)
    try {
      await rename(from, target)
      await syncFolder(dirname(target))
      return true
    } catch (error) {
      if (errorCode(error) !== 'EXDEV') throw error
      return false
    }
  }

  async #copy(entry: Entry, { from, target, seen }: Way): Promise<void> {
    const passing = join(dirname(target), `${leftoverPrefix}${crypto.randomUUID()}`)
    try {
      const sha256 = await copyTo(passing, from, 'wx', (handle) => dress(handle, entry))
      if (sha256 !== entry.sha256) throw new ContentChanged(`${from} changed meanwhile`)
      checkStanding(target, seen)
      await rename(passing, target)
    } catch (error) {
      await rm(passing, { force: true })
      throw error
    }
    await syncFolder(dirname(target))
  }

  #checkDate({ path, mtimeMs }: Entry, target: string): void {
    const found = lookAt(target)?.mtimeMs
    if (found !== mtimeMs) this.#log.warn({ file: path, wanted: mtimeMs, found }, 'mirrored date not kept')
  }
}

interface Way {
  from: string
  target: string
  seen: Identity | undefined
}

/** Mode and date as on the other node, and all of it durable. */
async function dress(handle: FileHandle, { mode, mtimeMs }: Entry): Promise<void> {
  await handle.chmod(mode)
  await handle.utimes(mtimeMs / 1_000, mtimeMs / 1_000)
  await handle.sync()
}

function checkStanding(target: string, seen: Identity | undefined): void {
  const stats = lookAt(target)
  if (stats?.isDirectory() === true) throw new Error(`${target} is a folder here; move it away`)
  if (seen === undefined ? stats !== undefined : stats === undefined || !sameIdentity(stats, seen))
    throw new ContentChanged(`${basename(target)} changed meanwhile`)
}

const remove = (folder: string, name: string) => rm(join(folder, name), { force: true }).catch(() => {})
