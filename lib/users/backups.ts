import type { FileName } from '../files/file-name.ts'
import { Refusal } from '../files/refusal.ts'
import { compareBackups, readBackup, type BackupChange, type BackupItem } from './backup-text.ts'
import type { UserNames } from './names.ts'
import type { FileRecord, Origin, UserStore } from './store/user-store.ts'

/** One version of a user's file, as an administrator sees it. */
export interface VersionSummary {
  name: string
  /** Number by which it is asked for. */
  version: number
  at: string
  deleted: boolean
  bytes: number
  by: Origin
  /** The version it replaced was much larger, and is kept at hand. */
  shrankFrom?: number
}

export interface FileSummary extends VersionSummary {
  versions: number
}

export interface Content {
  name: string
  version: number
  /** Undefined: not the text of a backup. */
  items: BackupItem[] | undefined
  base64: string
}

export interface Difference {
  name: string
  /** Undefined: nothing was there before. */
  from: number | undefined
  to: number
  /** Undefined: one of both is not the text of a backup. */
  changes: BackupChange[] | undefined
  bytes: { from: number; to: number }
}

export interface RestoreWish {
  /** Absent: the one before the current one; for another extension or type, the current one. */
  version?: number
  /** Another extension it is for. */
  to?: string
  /** Another type of phone: `96xxdata.txt`. */
  as?: string
  dryRun?: boolean
}

export interface Restored extends Difference {
  dryRun: boolean
}

/** What administrators do with users' files. All methods throw a Refusal for what is not there. */
export class Backups {
  readonly #store: UserStore
  readonly #names: UserNames

  constructor({ store, names }: { store: UserStore; names: UserNames }) {
    this.#store = store
    this.#names = names
  }

  /** Current files, of one extension or of all, by name. */
  list(extension?: string): FileSummary[] {
    return this.#chosen(this.#store.files(), extension)
  }

  /** Files that can be brought back. */
  deleted(extension?: string): FileSummary[] {
    return this.#chosen(this.#store.deleted(), extension)
  }

  /** Newest first. @param asked a file, or an extension that has one */
  history(asked: string): VersionSummary[] {
    return this.#store.versions(this.#find(asked)).map(summaryOf)
  }

  /** @param version absent: the current one */
  async show(asked: string, version?: number): Promise<Content> {
    const name = this.#find(asked)
    await this.#lookAgain(name)
    const record = version === undefined ? this.#current(name) : this.#version(name, version)
    const content = await this.#store.readVersion(name, record.seq)
    return { name, version: record.seq, items: readBackup(content), base64: content.toString('base64') }
  }

  /** @param from absent: the version before `to`; @param to absent: the current one */
  async diff(asked: string, from?: number, to?: number): Promise<Difference> {
    const name = this.#find(asked)
    await this.#lookAgain(name)
    const after = to === undefined ? this.#current(name) : this.#version(name, to)
    const before = from === undefined ? this.#before(name, after) : this.#version(name, from)
    return this.#compare(name, before, after)
  }

  async restore(asked: string, wish: RestoreWish): Promise<Restored> {
    const source = this.#find(asked)
    const target = this.#targetOf(source, wish)
    for (const name of new Set([source, target])) await this.#store.takeIn(name)
    const version = this.#wanted(source, wish, target !== source)
    const there = this.#store.files().find(({ name }) => name === target)
    const difference = { ...(await this.#compare(source, there, version)), name: target }
    if (wish.dryRun === true) return { ...difference, dryRun: true }
    const content = await this.#store.readVersion(source, version.seq)
    const why = `restored from version ${version.seq} of ${source}`
    const record = await this.#store.putContent(target, content, { protocol: 'local', address: '', why })
    return { ...difference, to: record.seq, dryRun: false }
  }

  /** Brings a deleted file back as a new version. */
  async undelete(asked: string): Promise<{ name: string }> {
    const name = this.#findIn(this.#store.deleted(), asked)
    await this.#store.undelete(name, { protocol: 'local', address: '', why: 'undeleted' })
    return { name }
  }

  /** Reading goes on where nothing can be stored: what was done by hand then shows as damage. */
  async #lookAgain(name: FileName): Promise<void> {
    await this.#store.takeIn(name).catch(() => {})
  }

  #chosen(records: readonly FileRecord[], extension: string | undefined): FileSummary[] {
    const wanted = records.filter(({ name }) => extension === undefined || name.startsWith(`${extension}_`))
    return wanted
      .map((record) => ({ ...summaryOf(record), versions: this.#store.versions(record.name).length }))
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  }

  #find(asked: string): FileName {
    return this.#findIn([...this.#store.files(), ...this.#store.deleted()], asked)
  }

  #findIn(records: readonly FileRecord[], asked: string): FileName {
    const exact = records.find(({ name }) => name === asked)
    if (exact !== undefined) return exact.name
    const ofExtension = [...new Set(records.map(({ name }) => name))].filter((name) =>
      name.startsWith(`${asked}_`),
    )
    const [only, ...more] = ofExtension
    if (only === undefined) throw new Refusal('notFound', `there is no file or extension ${asked}`)
    if (more.length > 0)
      throw new Refusal('badName', `${asked} has several files: ${ofExtension.join(', ')}; name one`)
    return only
  }

  #current(name: FileName): FileRecord {
    const [newest] = this.#store.versions(name)
    if (newest?.op !== 'put')
      throw new Refusal('notFound', `${name} is deleted; name a version, or bring it back with undelete`)
    return newest
  }

  #version(name: FileName, version: number): FileRecord {
    const records = this.#store.versions(name).filter(({ op }) => op === 'put')
    const found = records.find(({ seq }) => seq === version)
    if (found !== undefined) return found
    const there = records.map(({ seq }) => seq).join(', ')
    throw new Refusal('notFound', `${name} has no version ${version}; it has ${there}`)
  }

  #before(name: FileName, { seq }: FileRecord): FileRecord | undefined {
    return this.#store.versions(name).find((record) => record.op === 'put' && record.seq < seq)
  }

  #wanted(name: FileName, { version }: RestoreWish, elsewhere: boolean): FileRecord {
    if (version !== undefined) return this.#version(name, version)
    const current = this.#current(name)
    if (elsewhere) return current
    const before = this.#before(name, current)
    if (before === undefined) throw new Refusal('notFound', `${name} has no version before the current one`)
    return before
  }

  #targetOf(source: FileName, { to, as }: RestoreWish): FileName {
    if (to === undefined && as === undefined) return source
    const asked = this.#names.parse(source)
    if (asked?.kind !== 'backup' || asked.extension === undefined)
      throw new Refusal('badName', `${source} is no backup of an extension, and stays where it is`)
    const target = this.#names.parse(`${to ?? asked.extension}_${as ?? asked.data}`)
    if (target?.kind !== 'backup' || target.extension === undefined)
      throw new Refusal('badName', `${to ?? asked.extension}_${as ?? asked.data} is no name of a backup`)
    return this.#names.fileOf(target)
  }

  async #compare(name: FileName, before: FileRecord | undefined, after: FileRecord): Promise<Difference> {
    const old =
      before === undefined ? Buffer.alloc(0) : await this.#store.readVersion(before.name, before.seq)
    const fresh = await this.#store.readVersion(name, after.seq)
    const [oldItems, freshItems] = [readBackup(old), readBackup(fresh)]
    const readable = oldItems !== undefined && freshItems !== undefined
    return {
      name,
      from: before?.seq,
      to: after.seq,
      changes: readable ? compareBackups(oldItems, freshItems) : undefined,
      bytes: { from: old.length, to: fresh.length },
    }
  }
}

const summaryOf = ({ name, seq, at, op, size, by, shrankFrom }: FileRecord): VersionSummary => ({
  name,
  version: seq,
  at,
  deleted: op === 'delete',
  bytes: size,
  by,
  ...(shrankFrom === undefined ? {} : { shrankFrom }),
})
