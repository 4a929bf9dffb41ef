import type { Log } from '../../base/log.ts'
import type { FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import type { Draft, FileRecord, Look, Origin } from './file-record.ts'
import type { Folders } from './folders.ts'
import { HandEdits } from './hand-edits.ts'
import { keptAtHand, type Histories } from './histories.ts'
import type { Journal } from './journal.ts'
import type { StagedFile } from './staged-file.ts'
import type { OnStep } from './steps.ts'

export interface WriterSettings {
  versions: number
  shrinkPercent: number
}

export interface WriterParts {
  folders: Folders
  histories: Histories
  journal: Journal
  log: Log
  onStep: OnStep
  onRecord: (record: FileRecord) => void
  /** Resolves once everything up to that record may be acknowledged. @throws Refusal when it may not */
  confirm: (seq: number) => Promise<void>
}

export interface Stored {
  outcome: 'created' | 'replaced'
  record: FileRecord
}

interface Change {
  by: Origin
  put?: { name: FileName; staged: StagedFile; size: number; hash: string }
  remove?: FileName
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
    await this.#parts.confirm(standing.seq)
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

  async #standing(name: FileName): Promise<FileName> {
    await this.takeIn(name)
    if (this.#parts.histories.current(name) === undefined)
      throw new Refusal('notFound', `there is no ${name} in ${this.#parts.folders.root}`)
    return name
  }

  async #change(change: Change): Promise<FileRecord> {
    const { journal, confirm } = this.#parts
    const kept = this.#toKeep(change)
    let records: FileRecord[]
    try {
      const look = await this.#prepare(change, kept)
      const entries = await journal.appendUnsettled(this.#drafts(change, look))
      records = entries.map(({ record }) => record as FileRecord)
    } catch (error) {
      await this.#undo(change, kept)
      throw error
    }
    const last = records.at(-1)?.seq ?? 0
    try {
      await this.#carryOut(change, records, kept)
    } finally {
      journal.settle(last)
    }
    await this.#settled(records)
    const record = this.#reported(records)
    await confirm(last)
    return record
  }

  async #carryOut(
    change: Change,
    records: readonly FileRecord[],
    kept: readonly FileRecord[],
  ): Promise<void> {
    const { journal, onStep } = this.#parts
    try {
      await onStep('journaled')
      await this.#move(change)
    } catch (error) {
      if (await this.#withdraw(records)) await this.#undo(change, kept)
      throw error
    }
    try {
      await this.#complete(change)
    } catch (error) {
      journal.break(error)
      throw error
    }
  }

  /** What stands under the names that change, and will be a version. */
  #toKeep({ put, remove }: Change): FileRecord[] {
    return [put?.name, remove].flatMap((name) => {
      const record = name === undefined ? undefined : this.#parts.histories.current(name)?.record
      return record === undefined ? [] : [record]
    })
  }

  /** All that must be durable before the record is: the new content, and a second name for the old. */
  async #prepare({ put }: Change, kept: readonly FileRecord[]): Promise<Look | undefined> {
    const { folders, onStep } = this.#parts
    if (put !== undefined) {
      await put.staged.finish()
      await onStep('staged')
      await folders.makeParents(put.name)
    }
    for (const { name, seq } of kept) await folders.keep(name, seq)
    await onStep('kept')
    const [look] = await Promise.all([
      put?.staged.sync(),
      put && folders.sync(folders.staging),
      kept.length > 0 && folders.sync(folders.versions),
    ])
    await onStep('synced')
    return look
  }

  #drafts({ by, put, remove }: Change, look: Look | undefined): Draft[] {
    const drafts: Draft[] = []
    if (put !== undefined) {
      const { name, size, hash } = put
      const { seq } = this.#atHand(name, size)
      const atHand = seq === undefined ? {} : { shrankFrom: seq }
      drafts.push({ record: { op: 'put', name, size, hash, by, ...atHand }, ...(look && { look }) })
    }
    const removed = remove === undefined ? undefined : this.#parts.histories.current(remove)?.record
    if (removed !== undefined) {
      const { name, size, hash } = removed
      drafts.push({ record: { op: 'delete', name, size, hash, by } })
    }
    return drafts
  }

  /** The first thing that can be seen. As long as it has not happened, the change can be taken back. */
  async #move({ put, remove }: Change): Promise<void> {
    const { folders } = this.#parts
    if (put !== undefined) await folders.moveInto(put.staged.path, put.name)
    else if (remove !== undefined) await folders.remove(remove)
  }

  async #complete({ put, remove }: Change): Promise<void> {
    const { folders, onStep } = this.#parts
    if (put !== undefined) {
      await onStep('renamed')
      if (remove !== undefined) await folders.remove(remove)
    }
    if (remove !== undefined) await onStep('removed')
    const names = [put?.name, remove].filter((name) => name !== undefined)
    await Promise.all(names.map((name) => folders.syncName(name)))
    await onStep('folder synced')
  }

  /** @returns false when not even that could be written: a restart will complete the change instead */
  async #withdraw(records: readonly FileRecord[]): Promise<boolean> {
    try {
      await this.#parts.journal.append(
        records.map(({ name, seq }) => ({ record: { op: 'void', name, of: seq } })),
      )
      return true
    } catch (error) {
      this.#parts.journal.break(error)
      return false
    }
  }

  /** What is left behind is harmless, and removed at the next start. */
  async #undo({ put }: Change, kept: readonly FileRecord[]): Promise<void> {
    const { folders, log } = this.#parts
    const undone = kept.map(({ seq }) => folders.dropVersion(seq))
    if (put !== undefined) undone.push(put.staged.discard())
    for (const result of await Promise.allSettled(undone))
      if (result.status === 'rejected') log.warn({ err: String(result.reason) }, 'user data not tidied up')
  }

  /** The change is durable. */
  async #settled(records: readonly FileRecord[]): Promise<void> {
    for (const record of records) {
      await this.prune(record.name)
      this.#parts.onRecord(record)
    }
    await this.#parts.onStep('pruned')
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

  #atHand(name: FileName, size: number): { seq: number | undefined; shrank: boolean } {
    return keptAtHand(this.#parts.histories.of(name), size, this.#settings.shrinkPercent)
  }
}
