import { copyFile, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Alarms } from '../../base/alarms.ts'
import type { Log } from '../../base/log.ts'
import type { Entry } from './file-record.ts'
import { entriesLine, parseSegment, type Header, type ParsedSegment } from './journal-lines.ts'
import { Segment } from './segment.ts'
import type { OnStep } from './steps.ts'

export interface SegmentsParts {
  folder: string
  /** Makes the names in the folder durable. */
  syncFolder: () => Promise<void>
  log: Log
  alarms: Alarms
  onStep: OnStep
  /** A segment of fewer bytes is not compacted. */
  compactAtBytes: number
  /** Nobody knows any more what counts after a crash. */
  onUnclear: (cause: unknown) => void
}

export const journalAlarm = 'journal of user data'

/** The files of a journal. One counts, the latest; it gives way to the next in one step. */
export class Segments {
  readonly #parts: SegmentsParts
  #current: Segment | undefined
  #number = 0
  #entries = 0
  #compactAtBytes = 0

  constructor(parts: SegmentsParts) {
    this.#parts = parts
  }

  /** How many entries the one that counts has. */
  get entries(): number {
    return this.#entries
  }

  /** It is so large that a new one is worth while. */
  get isLarge(): boolean {
    return this.#bytes > this.#compactAtBytes
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
    const parsed = parseSegment(await readFile(this.#path))
    if (parsed.damage !== undefined) await this.#putAside(parsed.damage)
    for (const older of segments) await rm(join(folder, older))
    await this.#open(parsed)
    return parsed
  }

  /** Resolves once they are durable, each batch whole. */
  async append(batches: readonly (readonly Entry[])[]): Promise<void> {
    const segment = this.#current
    if (segment === undefined) throw new Error('the store of user data has not started')
    try {
      await segment.append(batches.map(entriesLine).join(''))
    } catch (error) {
      // What that left must not be taken for a record later.
      await segment.cut().catch(() => this.#parts.onUnclear(error))
      throw error
    }
    for (const { length } of batches) this.#entries += length
  }

  /** @param onSwitched called the moment the new one counts */
  async begin(
    start: Omit<Header, 'lines'>,
    entries: readonly Entry[],
    onSwitched: () => void,
  ): Promise<void> {
    const bytes = this.#bytes
    const passing = `${this.#pathOf(this.#number + 1)}.new`
    let segment: Segment | undefined
    try {
      segment = await Segment.create(passing, start, entries)
      await this.#parts.onStep('segment written')
      await this.#switchTo(segment, () => {
        this.#entries = entries.length
        onSwitched()
      })
    } catch (error) {
      this.#compactAtBytes = 2 * bytes // it costs nothing to go on with the old one
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
    const old = { segment: this.#current, path: this.#path }
    const path = this.#pathOf(this.#number + 1)
    await rename(`${path}.new`, path)
    try {
      await syncFolder()
    } catch (error) {
      onUnclear(error)
      throw error
    }
    this.#number += 1
    this.#use(segment)
    onSwitched()
    await onStep('segment in place')
    await old.segment?.close()
    await rm(old.path, { force: true })
    await onStep('old segment removed')
  }

  async #open({ wholeBytes, entries }: ParsedSegment): Promise<void> {
    const path = this.#path
    this.#use(await Segment.open(path, wholeBytes))
    this.#entries = entries.length
    const bytes = (await this.#current?.cut()) ?? 0
    if (bytes > 0)
      this.#parts.log.warn({ path, bytes }, 'unfinished record cut from the journal of user data')
  }

  #use(segment: Segment): void {
    this.#current = segment
    this.#compactAtBytes = Math.max(this.#parts.compactAtBytes, 2 * segment.bytes)
  }

  async #putAside(damage: string): Promise<void> {
    const [path, aside] = [this.#path, `${this.#path}.damaged`]
    await copyFile(path, aside)
    this.#parts.alarms.raise(
      journalAlarm,
      `${damage} of ${path} is damaged; what could be read goes on, files on disk are taken in anew, a copy lies in ${aside}. Check the disk`,
    )
  }

  get #bytes(): number {
    return this.#current?.bytes ?? 0
  }

  /** Of the one that counts. */
  get #path(): string {
    return this.#pathOf(this.#number)
  }

  #pathOf(number: number): string {
    return join(this.#parts.folder, `${String(number).padStart(8, '0')}.jsonl`)
  }
}
