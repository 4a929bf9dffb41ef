import { constants, realpathSync, statSync, type Stats } from 'node:fs'
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Log } from '../base/log.ts'
import { errorCode, isAbsent } from './disk-error.ts'
import { DiskFile } from './disk-file.ts'
import type { FileName } from './file-name.ts'
import type { FolderIndex } from './folder-index.ts'
import { HotFiles, sameIdentity, type HotFile } from './hot-files.ts'
import { readWhole, settledStats } from './reading.ts'
import { Refusal } from './refusal.ts'
import { checkNoPrivateKey, checkServable, longestKeyFile, servableName } from './servable.ts'
import type { StoredFile } from './stored-file.ts'

/** One folder that phones are served from. Nothing outside it is ever opened for them. */
export class FileStore {
  readonly root: string
  readonly #index: FolderIndex
  readonly #hot: HotFiles
  readonly #log: Log
  /** Lookups under way, so that five hundred phones asking for one file read it once. */
  readonly #loading = new Map<string, Promise<HotFile>>()

  constructor(root: string, { hot, index, log }: { hot: HotFiles; index: FolderIndex; log: Log }) {
    this.root = root
    this.#index = index
    this.#hot = hot
    this.#log = log
  }

  /**
   * The file of that name: exactly, or else without regard to case.
   * @throws Refusal `notFound`; `forbidden` for links out of the folder, unreadable files and private keys; `busy`
   * for a file that is being written
   */
  async open(name: FileName): Promise<StoredFile> {
    const asked = join(this.root, name)
    const hot = this.#fromMemory(asked)
    if (hot !== undefined) return hot.file
    const underWay = this.#loading.get(asked)
    const found = await (underWay ?? this.#load(name, asked))
    if (underWay === undefined || isCurrent(found)) return found.file
    // That lookup had begun before this call, and the file was changed in between.
    return (await (this.#loading.get(asked) ?? this.#load(name, asked))).file
  }

  #fromMemory(path: string): HotFile | undefined {
    const hot = this.#hot.get(path)
    if (hot === undefined || isCurrent(hot)) return hot
    this.#hot.drop(path)
    return undefined
  }

  #load(name: FileName, asked: string): Promise<HotFile> {
    const loading = this.#find(name, asked).finally(() => this.#loading.delete(asked))
    this.#loading.set(asked, loading)
    return loading
  }

  /** Kept by the path it was found at, so that asking in many spellings does not fill the memory. */
  async #find(name: FileName, asked: string): Promise<HotFile> {
    const path = await this.#locate(name, asked)
    const hot = this.#fromMemory(path)
    if (hot !== undefined) return hot
    const found = await this.#read(path)
    if (found.file.content !== undefined) this.#hot.put(path, found)
    return found
  }

  async #locate(name: FileName, asked: string): Promise<string> {
    if (await exists(asked)) return asked
    const found = await this.#index.find(this.root, name)
    if (found === undefined) throw new Refusal('notFound', `there is no ${name} in ${this.root}`)
    return found
  }

  async #read(path: string): Promise<HotFile> {
    for (let tries = 0; tries < mostTries; tries++) {
      const found = await this.#tryToRead(path)
      if (found !== undefined) return found
    }
    throw new Refusal('busy', `${path} is being written`)
  }

  /** @returns undefined when the file was written or replaced meanwhile */
  async #tryToRead(path: string): Promise<HotFile | undefined> {
    // A FIFO or device must neither block nor act: look before opening, and open without waiting.
    const before = await stat(path).catch((cause: unknown) => this.#refuseUnreadable(path, cause))
    if (!before.isFile()) throw new Refusal('notFound', `${path} is not a regular file`)
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
    const handle = await open(path, flags).catch((cause: unknown) => this.#refuseUnreadable(path, cause))
    try {
      // What was really opened, whatever links lie on the way: this look cannot be raced.
      const realPath = await readlink(`/proc/self/fd/${handle.fd}`)
      if (realPath.endsWith(' (deleted)') && !(await exists(realPath))) return undefined
      const root = await realpath(this.root)
      const name = servableName(path, realPath, root)
      const stats = await settledStats(handle)
      if (stats === undefined) return undefined
      await checkServable(path, root, stats)
      return await this.#describe(handle, { path, realPath, name, stats })
    } finally {
      await handle.close()
    }
  }

  async #describe(
    handle: FileHandle,
    { path, realPath, name, stats }: Checked,
  ): Promise<HotFile | undefined> {
    const found = (etag: string, content: Buffer | undefined): HotFile => ({
      path,
      realPath,
      identity: stats,
      file: new DiskFile({ path, name, stats, etag, content }),
    })
    const tooLarge = stats.size > this.#hot.budgetBytes
    if (tooLarge && stats.size > longestKeyFile) {
      const digest = createHash('sha256').update(`${stats.size}-${stats.mtimeMs}`).digest('hex')
      return found(shortened(digest), undefined)
    }
    const whole = await readWhole(handle, stats)
    if (whole === undefined) return undefined
    const { content, digest } = whole
    checkNoPrivateKey(path, content)
    return found(shortened(digest), tooLarge ? undefined : content)
  }

  #refuseUnreadable(path: string, cause: unknown): never {
    const code = errorCode(cause)
    if (isAbsent(cause)) throw new Refusal('notFound', `${path} is gone`)
    if (code === 'ELOOP') throw new Refusal('forbidden', `${path} is a link that leads nowhere`)
    if (code === 'EACCES' || code === 'EPERM') {
      this.#log.warn({ path }, 'file unreadable')
      throw new Refusal('forbidden', `${path} cannot be read by the service; check its owner and mode`)
    }
    throw new Error(`cannot open ${path}`, { cause })
  }
}

interface Checked {
  path: string
  realPath: string
  name: FileName
  stats: Stats
}

/** How often a file that changes under our eyes is looked at anew. */
const mostTries = 3

/**
 * Asked on every request, so with synchronous calls: a few microseconds, where the thread pool costs thirty. Where
 * there is a folder on the way, it may have become a link to one outside meanwhile.
 */
function isCurrent({ path, realPath, identity, file }: HotFile): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined || !sameIdentity(stats, identity)) return false
    return !file.name.includes('/') || realpathSync.native(path) === realPath
  } catch {
    return false // the slow way knows how to say why
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    (error: unknown) => !isAbsent(error),
  )

/** The same content has the same ETag on both nodes and after a restart. */
const shortened = (digest: string) => digest.slice(0, 8)
