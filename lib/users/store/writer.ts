import type { FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import { Change, type ChangeOrder } from './change.ts'
import type { Changes } from './changes.ts'
import type { FileRecord, Origin } from './file-record.ts'
import { HandEdits } from './hand-edits.ts'
import type { StagedFile } from './staged-file.ts'
import type { Stock } from './stock.ts'

export interface WriterSettings {
  versions: number
  shrinkPercent: number
}

export interface WriterParts extends Stock {
  changes: Pick<Changes, 'confirm'>
}

export interface Stored {
  outcome: 'created' | 'replaced'
  record: FileRecord
}

/** Changes what stands, one name at a time: whoever calls holds the names. */
export class Writer {
  readonly #settings: WriterSettings
  readonly #parts: WriterParts
  readonly #handEdits: HandEdits

  constructor(settings: WriterSettings, parts: WriterParts) {
    this.#settings = settings
    this.#parts = parts
    this.#handEdits = new HandEdits(settings.shrinkPercent, parts)
  }

  /** The same content again changes nothing, and is durable here already. */
  async put(name: FileName, staged: StagedFile, by: Origin): Promise<Stored> {
    const put = { name, staged, size: staged.size, hash: staged.digest() }
    await this.takeIn(name)
    const standing = this.#parts.histories.current(name)?.record
    const outcome = standing === undefined ? 'created' : 'replaced'
    if (standing?.hash !== put.hash) return { outcome, record: await this.#change({ by, put }) }
    await staged.discard()
    await this.#parts.changes.confirm(standing.seq)
    return { outcome, record: standing }
  }

  async remove(name: FileName, by: Origin): Promise<void> {
    await this.#change({ by, remove: await this.#standing(name) })
  }

  async move(from: FileName, to: FileName, staged: StagedFile, by: Origin): Promise<void> {
    const put = { name: to, staged, size: staged.size, hash: staged.digest() }
    await this.takeIn(to)
    await this.#change({ by, put, remove: await this.#standing(from) })
  }

  /** What was changed, added or removed by hand becomes a version (or a deletion) of its own. */
  async takeIn(name: FileName): Promise<void> {
    const records = await this.#handEdits.takeIn(name)
    if (records.length > 0) await this.#settled(records)
  }

  /** Removes the versions over the limit. */
  async prune(name: FileName): Promise<void> {
    const { folders, histories, log } = this.#parts
    try {
      for (const { seq } of histories.prune(name, this.#settings.versions)) await folders.dropVersion(seq)
    } catch (error) {
      log.warn({ err: error }, 'user data not tidied up')
    }
  }

  async #standing(name: FileName): Promise<FileName> {
    await this.takeIn(name)
    if (this.#parts.histories.current(name) === undefined)
      throw new Refusal('notFound', `there is no ${name} in ${this.#parts.folders.root}`)
    return name
  }

  async #change(order: ChangeOrder): Promise<FileRecord> {
    const { shrinkPercent } = this.#settings
    const records = await new Change(order, { ...this.#parts, shrinkPercent }).make()
    await this.#settled(records)
    const record = this.#reported(records)
    await this.#parts.changes.confirm(records.at(-1)?.seq ?? 0)
    return record
  }

  /** The change is durable. */
  async #settled(records: readonly FileRecord[]): Promise<void> {
    for (const { name } of records) await this.prune(name)
    await this.#parts.onStep('pruned')
  }

  #reported([record]: readonly FileRecord[]): FileRecord {
    if (record === undefined) throw new Error('a change without a record')
    const { histories, log } = this.#parts
    const before = histories.of(record.name).findLast(({ op, seq }) => op === 'put' && seq < record.seq)
    if (record.op === 'put' && before !== undefined && record.shrankFrom === before.seq) {
      const { name: file, size: to } = record
      log.warn({ file, from: before.size, to, kept: before.seq }, 'backup shrank')
    }
    return record
  }
}
