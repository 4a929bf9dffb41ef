import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../base/log.ts'
import type { Entry } from './file-record.ts'
import { parseSegment, type Header, type ParsedSegment } from './journal-lines.ts'
import { Segment } from './segment.ts'
import type { OnStep } from './steps.ts'

export interface SegmentsParts {
  folder: string
  /** Makes the names in the folder durable. */
  syncFolder: () => Promise<void>
  log: Log
  onStep: OnStep
  /** Nobody knows which of two segments counts after a crash. */
  onUnclear: (cause: unknown) => void
}

/** The files of a journal. One counts, the latest; it gives way to the next in one step. */
export class Segments {
  readonly #parts: SegmentsParts
  #current: Segment | undefined
  #number = 0

  constructor(parts: SegmentsParts) {
    this.#parts = parts
  }

  /** The one that counts; undefined before there is one, and after the end. */
  get current(): Segment | undefined {
    return this.#current
  }

  /** The path of the one that counts. */
  get path(): string {
    return this.#pathOf(this.#number)
  }

  /** Reads the latest, and removes what a compaction left that did not come to its end. Undefined: there is none. */
  async load(): Promise<ParsedSegment | undefined> {
    const { folder } = this.#parts
    const names = await readdir(folder)
    for (const name of names) if (name.endsWith('.new')) await rm(join(folder, name))
    const segments = names.filter((name) => /^\d{8}\.jsonl$/.test(name)).toSorted()
    this.#number = Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0))
    const latest = segments.pop()
    if (latest === undefined) return undefined
    this.#number = Number.parseInt(latest, 10)
    const parsed = parseSegment(await readFile(this.path))
    if (parsed.damage !== undefined) await copyFile(this.path, this.asidePath)
    for (const older of segments) await rm(join(folder, older))
    await this.#take(parsed.wholeBytes)
    return parsed
  }

  /** Where a copy of a damaged one lies. */
  get asidePath(): string {
    return `${this.path}.damaged`
  }

  /** @param onSwitched called the moment the new one counts */
  async begin(
    start: Omit<Header, 'lines'>,
    entries: readonly Entry[],
    onSwitched: () => void,
  ): Promise<void> {
    const passing = `${this.#pathOf(this.#number + 1)}.new`
    let segment: Segment | undefined
    try {
      segment = await Segment.create(passing, start, entries)
      await this.#parts.onStep('segment written')
      await this.#switchTo(segment, onSwitched)
    } catch (error) {
      if (this.#current !== segment) await segment?.close()
      await rm(passing, { force: true }).catch(() => {})
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#current?.close()
    this.#current = undefined
  }

  async #switchTo(segment: Segment, onSwitched: () => void): Promise<void> {
    const { syncFolder, onStep, onUnclear } = this.#parts
    const old = { segment: this.#current, path: this.path }
    const path = this.#pathOf(this.#number + 1)
    await rename(`${path}.new`, path)
    try {
      await syncFolder()
    } catch (error) {
      onUnclear(error)
      throw error
    }
    this.#number += 1
    this.#current = segment
    onSwitched()
    await onStep('segment in place')
    await old.segment?.close()
    await rm(old.path, { force: true })
    await onStep('old segment removed')
  }

  async #take(wholeBytes: number): Promise<void> {
    const { path } = this
    this.#current = await Segment.open(path, wholeBytes)
    const bytes = await this.#current.cut()
    if (bytes > 0)
      this.#parts.log.warn({ path, bytes }, 'unfinished record cut from the journal of user data')
  }

  #pathOf(number: number): string {
    return join(this.#parts.folder, `${String(number).padStart(8, '0')}.jsonl`)
  }
}
