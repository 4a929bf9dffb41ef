import type { Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import type { Clock } from '../../../lib/base/clock.ts'
import { messageOf } from '../../../lib/base/message-of.ts'
import { errorCode, isAbsent } from '../../../lib/files/disk-error.ts'
import { sameIdentity, type Identity } from '../../../lib/files/hot-files.ts'
import { Refusal } from '../../../lib/files/refusal.ts'
import { checkNoPrivateKey, checkServable } from '../../../lib/files/servable.ts'
import { isAddressList, isServedTag, type MirrorPath } from '../layout.ts'
import type { Places } from '../places.ts'
import type { Here } from '../plan.ts'
import { ContentChanged, hashFile } from './content.ts'

/** Once judged, a file is judged anew only when its dates, size or inode change. */
interface Known {
  identity: Identity
  here: Here
  /** To be read anew all the same. */
  isStale?: boolean
}

/** A regular file as it was looked at. */
export interface SeenFile {
  path: MirrorPath
  file: string
  stats: Stats
}

/** Says what a file is to the other node, and reads no file twice without need. */
export class Judge {
  /** How much time went into reading files, ever. */
  readMs = 0
  readonly #places: Places
  readonly #settledMs: number
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()

  /** @param settledMs a file that was written this recently may not be whole */
  constructor(places: Places, { settledMs, clock }: { settledMs: number; clock: Clock }) {
    this.#places = places
    this.#settledMs = settledMs
    this.#clock = clock
  }

  /** Reads every file anew from now on. */
  forget(): void {
    for (const known of this.#known.values()) known.isStale = true
  }

  keepOnly(paths: { has(path: string): boolean }): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path)
  }

  /** The content at that path is known, since it was just put there: it need not be read, nor left alone for a while. */
  async remember(path: MirrorPath, sha256: string): Promise<void> {
    const file = this.#places.pathOf(path)
    const stats = file === undefined ? undefined : await lstat(file).catch(() => undefined)
    if (stats?.isFile() === true)
      this.#known.set(path, { identity: stats, here: fileOf(path, stats, sha256) })
  }

  /** @returns undefined when it is gone */
  async judge(seen: SeenFile, signal: AbortSignal): Promise<Here | undefined> {
    const { path, stats } = seen
    const known = this.#known.get(path)
    const before = known !== undefined && sameIdentity(known.identity, stats) ? known : undefined
    if (before !== undefined && before.isStale !== true) return before.here
    // The date of the inode: nobody can set it, so a file dated tomorrow does not look busy until then.
    const ageMs = Math.abs(this.#clock.wallTime().getTime() - stats.ctimeMs)
    if (before === undefined && ageMs < this.#settledMs) return { is: 'busy' }
    const startedAt = this.#clock.now()
    const here = await this.#read(seen, before?.here, signal)
    this.readMs += this.#clock.now() - startedAt
    return here
  }

  async #read(seen: SeenFile, before: Here | undefined, signal: AbortSignal): Promise<Here | undefined> {
    const { path, file, stats } = seen
    try {
      const check = await this.#check(seen)
      const sha256 = await hashFile(file, stats, { signal, ...(check && { check }) })
      const here = unlessDamaged(fileOf(path, stats, sha256), before)
      this.#known.set(path, { identity: stats, here })
      return here
    } catch (error) {
      signal.throwIfAborted()
      if (isAbsent(error)) return undefined
      if (error instanceof ContentChanged) return { is: 'busy' }
      const here = oddOf(error instanceof Refusal ? error.detail : whyUnreadable(error))
      if (error instanceof Refusal) this.#known.set(path, { identity: stats, here })
      return here
    }
  }

  /**
   * What phones are refused here would be served there, where all files belong to the service.
   * @returns what is to be checked of a small content
   * @throws Refusal
   */
  async #check({ path, file, stats }: SeenFile): Promise<((content: Buffer) => void) | undefined> {
    const top = this.#places.topOf(path)
    if (top === undefined || !isServedTag(path) || isAddressList(path)) return undefined
    await checkServable(file, top, stats)
    return (content) => checkNoPrivateKey(path, content)
  }
}

const fileOf = (path: MirrorPath, { size, mtimeMs, mode }: Stats, sha256: string): Here => ({
  is: 'file',
  entry: { path, size, sha256, mtimeMs, mode: mode & 0o777 },
})

export const oddOf = (why: string): Here => ({ is: 'odd', why })

/** The disk changed it, and it must not take the place of the good content on the other node. */
export const damagedFile: Here = oddOf(
  'its content is another than before although nobody wrote it: look after the disk, and lay the file anew',
)

function unlessDamaged(here: Here, before: Here | undefined): Here {
  if (before === damagedFile) return damagedFile
  if (here.is !== 'file' || before?.is !== 'file' || here.entry.sha256 === before.entry.sha256) return here
  return damagedFile
}

export function whyUnreadable(error: unknown): string {
  const code = errorCode(error)
  if (code === 'EACCES' || code === 'EPERM') return 'the service cannot read it; check its owner and mode'
  return `it cannot be read: ${messageOf(error)}`
}
