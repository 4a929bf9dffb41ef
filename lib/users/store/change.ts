import type { FileName } from '../../files/file-name.ts'
import type { Draft, FileRecord, Look, Origin } from './file-record.ts'
import { keptAtHand } from './histories.ts'
import type { StagedFile } from './staged-file.ts'
import type { Stock } from './stock.ts'

export interface ChangeOrder {
  by: Origin
  put?: { name: FileName; staged: StagedFile; size: number; hash: string }
  remove?: FileName
}

export type ChangeParts = Pick<Stock, 'folders' | 'histories' | 'chain' | 'journal' | 'log' | 'onStep'> & {
  shrinkPercent: number
}

/** One change on its way: prepared, recorded, put in place; or taken back as if it had never been. */
export class Change {
  readonly #order: ChangeOrder
  readonly #parts: ChangeParts
  /** What stands under the names that change, and will be a version. */
  readonly #kept: readonly FileRecord[]

  /** For whoever holds the names. */
  constructor(order: ChangeOrder, parts: ChangeParts) {
    this.#order = order
    this.#parts = parts
    this.#kept = this.#names.flatMap((name) => parts.histories.current(name)?.record ?? [])
  }

  /** @returns its records, once they are durable and what they say is */
  async make(): Promise<FileRecord[]> {
    const records = await this.#record()
    try {
      await this.#carryOut(records)
    } finally {
      this.#parts.chain.recent.settle(records.at(-1)?.seq ?? 0)
    }
    return records
  }

  async #record(): Promise<FileRecord[]> {
    try {
      const look = await this.#prepare()
      const entries = await this.#parts.journal.appendUnsettled(this.#drafts(look))
      return entries.map(({ record }) => record as FileRecord)
    } catch (error) {
      await this.#undo()
      throw error
    }
  }

  async #carryOut(records: readonly FileRecord[]): Promise<void> {
    const { journal, onStep } = this.#parts
    try {
      await onStep('journaled')
      await this.#move()
    } catch (error) {
      if (await this.#withdraw(records)) await this.#undo()
      throw error
    }
    try {
      await this.#complete()
    } catch (error) {
      journal.break(error)
      throw error
    }
  }

  /** All that must be durable before the record is: the new content, and a second name for the old. */
  async #prepare(): Promise<Look | undefined> {
    const { folders, onStep } = this.#parts
    const { put } = this.#order
    if (put !== undefined) {
      await put.staged.finish()
      await onStep('staged')
      await folders.makeParents(put.name)
    }
    for (const { name, seq } of this.#kept) await folders.keep(name, seq)
    await onStep('kept')
    const [look] = await Promise.all([
      put?.staged.sync(),
      put && folders.sync(folders.staging),
      this.#kept.length > 0 && folders.sync(folders.versions),
    ])
    await onStep('synced')
    return look
  }

  #drafts(look: Look | undefined): Draft[] {
    const { histories, shrinkPercent } = this.#parts
    const { by, put, remove } = this.#order
    const drafts: Draft[] = []
    if (put !== undefined) {
      const { name, size, hash } = put
      const shrankFrom = keptAtHand(histories.of(name), size, shrinkPercent)
      const atHand = shrankFrom === undefined ? {} : { shrankFrom }
      drafts.push({ record: { op: 'put', name, size, hash, by, ...atHand }, ...(look && { look }) })
    }
    const removed = remove === undefined ? undefined : histories.current(remove)?.record
    if (removed !== undefined) {
      const { name, size, hash } = removed
      drafts.push({ record: { op: 'delete', name, size, hash, by } })
    }
    return drafts
  }

  /** The first thing that can be seen. As long as it has not happened, the change can be taken back. */
  async #move(): Promise<void> {
    const { folders } = this.#parts
    const { put, remove } = this.#order
    if (put !== undefined) await folders.moveInto(put.staged.path, put.name)
    else if (remove !== undefined) await folders.remove(remove)
  }

  async #complete(): Promise<void> {
    const { folders, onStep } = this.#parts
    const { put, remove } = this.#order
    if (put !== undefined) {
      await onStep('renamed')
      if (remove !== undefined) await folders.remove(remove)
    }
    if (remove !== undefined) await onStep('removed')
    await Promise.all(this.#names.map((name) => folders.syncName(name)))
    await onStep('folder synced')
  }

  /** @returns false when not even that could be written: a restart will complete the change instead */
  async #withdraw(records: readonly FileRecord[]): Promise<boolean> {
    const { journal } = this.#parts
    try {
      await journal.append(records.map(({ name, seq }) => ({ record: { op: 'void', name, of: seq } })))
      return true
    } catch (error) {
      journal.break(error)
      return false
    }
  }

  /** What is left behind is harmless, and removed at the next start. */
  async #undo(): Promise<void> {
    const { folders, log } = this.#parts
    const undone = this.#kept.map(({ seq }) => folders.dropVersion(seq))
    if (this.#order.put !== undefined) undone.push(this.#order.put.staged.discard())
    for (const result of await Promise.allSettled(undone))
      if (result.status === 'rejected') log.warn({ err: String(result.reason) }, 'user data not tidied up')
  }

  get #names(): FileName[] {
    const { put, remove } = this.#order
    return [put?.name, remove].filter((name) => name !== undefined)
  }
}
