import { hash } from 'node:crypto'
import { rename } from 'node:fs/promises'
import type { FileName } from '../../files/file-name.ts'
import { hashFile } from '../store/content.ts'
import type { FileRecord } from '../store/file-record.ts'
import { looksLike, lookAt, lookOf } from '../store/folders.ts'
import { StagedFile } from '../store/staged-file.ts'
import type { Stock } from '../store/stock.ts'

/** Content that is not what was stored, though nobody wrote into it. */
export interface Damaged {
  name: FileName
  seq: number
  hash: string
  /** SHA-256 in hex of what is there; undefined: nothing is. */
  found: string | undefined
}

/** So slowly that phones do not feel it. */
const bytesPerMs = 20_000

/** Finds content that the disk has spoiled, and puts right content in its place. */
export class Scrub {
  readonly #parts: Stock

  constructor(parts: Stock) {
    this.#parts = parts
  }

  /** Reads everything that is kept, once. */
  async run(signal: AbortSignal): Promise<Damaged[]> {
    const { clock, histories, locks, log } = this.#parts
    const damaged: Damaged[] = []
    for (const { record } of histories.entries()) {
      if (record.op !== 'put') continue
      signal.throwIfAborted()
      const found = await locks.run([record.name], () => this.#look(record))
      if (found !== undefined) {
        damaged.push(found)
        const { name: file, seq: version, hash: stored, found: is } = found
        log.error({ file, version, stored, found: is }, 'user data damaged on disk')
      }
      await clock.sleep(Math.ceil(record.size / bytesPerMs), signal)
    }
    return damaged
  }

  /** @returns false when that version is no longer kept, or was changed by hand. @throws Error for wrong content */
  async repair({ name, seq, hash: wanted }: Damaged, content: Buffer): Promise<boolean> {
    const { folders, histories, locks } = this.#parts
    if (hash('sha256', content) !== wanted)
      throw new Error(`what came for version ${seq} of ${name} is not its content`)
    return locks.run([name], async () => {
      const record = histories.of(name).find((each) => each.seq === seq && each.hash === wanted)
      if (record === undefined || (await this.#look(record)) === undefined) return false
      const staged = new StagedFile(folders.staging, content.length)
      await staged.write(content)
      await staged.finish()
      const look = await staged.sync()
      if (histories.current(name)?.record.seq === seq) {
        await folders.moveInto(staged.path, name)
        await folders.syncName(name)
        histories.setLook(name, look)
      } else {
        await rename(staged.path, folders.versionPath(seq))
        await folders.sync(folders.versions)
      }
      return true
    })
  }

  async #look({ name, seq, hash: stored }: FileRecord): Promise<Damaged | undefined> {
    const { folders, histories } = this.#parts
    if (!histories.of(name).some((record) => record.seq === seq)) return undefined
    const current = histories.current(name)
    const stands = current?.record.seq === seq
    const path = stands ? folders.pathOf(name) : folders.versionPath(seq)
    const stats = lookAt(path)
    if (stands && (stats === undefined || !looksLike(stats, current))) return undefined // by hand
    const found = stats?.isFile() === true ? await hashFile(path) : undefined
    if (found === stored) return undefined
    const now = lookAt(path)
    if (stands && now !== undefined && lookOf(now).mtimeMs !== stats?.mtimeMs) return undefined
    return { name, seq, hash: stored, found }
  }
}
