import { constants, type Stats } from 'node:fs'
import { copyFile, lstat, mkdir, open, readdir, realpath, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { DiskFile } from './disk-file.ts'
import { diskError } from './disk-error.ts'
import { parseFileName, type FileName } from './file-name.ts'
import { PlainUpload, leftoverPrefix } from './plain-upload.ts'
import { isProbeName } from './probe-files.ts'
import { Refusal } from './refusal.ts'
import { rootNames } from './roots.ts'
import type { StoredFile } from './stored-file.ts'
import { syncFolder } from './sync-folder.ts'
import type { Upload } from './upload.ts'
import type { Entry } from './view.ts'

/** A file or folder below one of the data folders, found safe to touch. */
interface Place {
  /** `HTTPdata` */
  root: string
  /** Below the root; undefined: the root itself. */
  name: FileName | undefined
  path: string
}

/**
 * The data folders as an administrator works on them: all that lies in them but what begins with a dot and the
 * watchdog's files, links not followed. Files are replaced whole: written beside the old one, synced, renamed.
 */
export class DataFolders {
  readonly #folder: string
  readonly #maxBytes: number

  constructor(dataFolder: string, { maxBytes }: { maxBytes: number }) {
    this.#folder = dataFolder
    this.#maxBytes = maxBytes
  }

  /** The names of the data folders there are. */
  async roots(): Promise<Entry[]> {
    const found = await Promise.all(
      Object.values(rootNames).map(async (name) => entryOf(name, await look(join(this.#folder, name)))),
    )
    return found.filter((entry) => entry !== undefined)
  }

  /** @param parts of the path: `['HTTPdata', 'firmware', 'a.bin']` */
  async list(parts: readonly string[]): Promise<Entry[]> {
    const { path } = await this.#folderAt(parts)
    const entries: Entry[] = []
    for (const name of (await readdir(path)).toSorted()) {
      if (name.startsWith('.') || isProbeName(name)) continue
      const entry = entryOf(name, await look(join(path, name)))
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  async look(parts: readonly string[]): Promise<Entry> {
    const { path } = await this.#place(parts)
    const entry = entryOf(basename(path), await look(path))
    if (entry === undefined) throw new Refusal('notFound', `there is no ${parts.join('/')}`)
    return entry
  }

  async enter(parts: readonly string[]): Promise<void> {
    await this.#folderAt(parts)
  }

  async read(parts: readonly string[]): Promise<StoredFile> {
    const { name, path } = await this.#place(parts)
    if (name === undefined) throw new Refusal('notFound', `${parts.join('/')} is a folder`)
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      (cause: unknown) => {
        throw new Refusal('notFound', `${parts.join('/')} cannot be opened: ${String(cause)}`)
      },
    )
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw new Refusal('notFound', `${parts.join('/')} is not a file`)
      const etag = createHash('sha256').update(`${stats.size}-${stats.mtimeMs}`).digest('hex').slice(0, 8)
      return new DiskFile({ path, name, stats, etag, content: undefined })
    } finally {
      await handle.close()
    }
  }

  async store(parts: readonly string[], how: 'replace' | 'append'): Promise<Upload> {
    const { path } = await this.#filePlace(parts)
    const found = await look(path)
    if (found !== undefined && !found.isFile())
      throw new Refusal('forbidden', `${parts.join('/')} is there, and is not a file`)
    const temporary = join(dirname(path), `${leftoverPrefix}${crypto.randomUUID()}`)
    try {
      if (how === 'append' && found !== undefined) await copyFile(path, temporary, constants.COPYFILE_EXCL)
      return await PlainUpload.open(temporary, path, this.#maxBytes)
    } catch (error) {
      throw diskError(error, `cannot store ${parts.join('/')}`)
    }
  }

  async remove(parts: readonly string[]): Promise<void> {
    const { path } = await this.#filePlace(parts)
    const found = await look(path)
    if (found === undefined || found.isDirectory())
      throw new Refusal('notFound', `there is no file ${parts.join('/')}`)
    await unlink(path)
    await syncFolder(dirname(path))
  }

  /** What stands at `to` is replaced, if it is a file. */
  async rename(from: readonly string[], to: readonly string[]): Promise<void> {
    const [source, target] = [await this.#filePlace(from), await this.#filePlace(to)]
    const [moved, there] = [await look(source.path), await look(target.path)]
    if (moved === undefined) throw new Refusal('notFound', `there is no ${from.join('/')}`)
    if (there !== undefined && (!there.isFile() || !moved.isFile()))
      throw new Refusal('forbidden', `${to.join('/')} is there already`)
    await rename(source.path, target.path)
    await syncFolder(dirname(target.path))
    await syncFolder(dirname(source.path))
  }

  async makeFolder(parts: readonly string[]): Promise<void> {
    const { path } = await this.#filePlace(parts)
    if ((await look(path)) !== undefined)
      throw new Refusal('forbidden', `${parts.join('/')} is there already`)
    await mkdir(path, { mode: 0o755 })
    await syncFolder(dirname(path))
  }

  async removeFolder(parts: readonly string[]): Promise<void> {
    const { path } = await this.#filePlace(parts)
    await this.#folderAt(parts)
    await rmdir(path).catch((cause: unknown) => {
      throw new Refusal('forbidden', `${parts.join('/')} cannot be removed: is it empty? ${String(cause)}`)
    })
    await syncFolder(dirname(path))
  }

  /** Takes away what uploads left behind that did not end. */
  async sweep(): Promise<void> {
    for (const root of Object.values(rootNames)) {
      const entries = await readdir(join(this.#folder, root), { recursive: true, withFileTypes: true }).catch(
        () => [],
      )
      for (const { name, parentPath } of entries)
        if (name.startsWith(leftoverPrefix)) await rm(join(parentPath, name), { force: true })
    }
  }

  async #folderAt(parts: readonly string[]): Promise<Place> {
    const place = await this.#place(parts)
    if ((await look(place.path))?.isDirectory() !== true)
      throw new Refusal('notFound', `there is no folder ${parts.join('/')}`)
    return place
  }

  /** A place that is not one of the data folders themselves: those stay. */
  async #filePlace(parts: readonly string[]): Promise<Place> {
    const place = await this.#place(parts)
    if (place.name === undefined) throw new Refusal('forbidden', `${parts.join('/')} itself stays as it is`)
    return place
  }

  async #place([root = '', ...below]: readonly string[]): Promise<Place> {
    if (!Object.values(rootNames).includes(root))
      throw new Refusal(
        'notFound',
        `${root} is no data folder; there are ${Object.values(rootNames).join(', ')}`,
      )
    const top = join(this.#folder, root)
    if (below.length === 0) return { root, name: undefined, path: top }
    const name = parseFileName(below.join('/'))
    const path = join(top, name)
    await this.#checkInside(top, dirname(path))
    return { root, name, path }
  }

  /** No folder on the way may be a link that leads elsewhere. */
  async #checkInside(top: string, folder: string): Promise<void> {
    const [realTop, realFolder] = await Promise.all([realpath(top), realpath(folder)]).catch(
      (): [string, undefined] => ['', undefined],
    )
    if (realFolder === undefined) throw new Refusal('notFound', `there is no folder ${basename(folder)}`)
    if (realFolder !== join(realTop, folder.slice(top.length)))
      throw new Refusal('forbidden', `a link is on the way to ${basename(folder)}`)
  }
}

const look = (path: string): Promise<Stats | undefined> => lstat(path).catch(() => undefined)

/** Only what can be fetched or entered is shown. */
function entryOf(name: string, stats: Stats | undefined): Entry | undefined {
  if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return undefined
  return { name, kind: stats.isFile() ? 'file' : 'folder', size: stats.size, changedAt: stats.mtime }
}
