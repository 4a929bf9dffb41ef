import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../../lib/base/log.ts'
import { isAbsent } from '../../lib/files/disk-error.ts'
import { syncFolder } from '../../lib/files/sync-folder.ts'
import { writeDurably } from '../../lib/files/write-durably.ts'
import { isSha256, type Entry, type Manifest } from './manifest.ts'
import { anyOf } from './layout.ts'
import type { Ours } from './plan.ts'
import type { Report } from './wire/report.ts'

/**
 * What both nodes had last at each path, in a file that outlives restarts. What stands on the standby and is not in
 * here was laid there by a person. Lost, nothing is overwritten: what differs then counts as a person's.
 *
 * Before a content is put in place it is added, afterwards it is the only one: whichever of both a crash leaves
 * there, it is ours.
 */
export class Agreed {
  readonly #path: string
  #ours = new Map<string, Ours>()
  #saved = true
  #saving: Promise<void> = Promise.resolve()

  private constructor(path: string) {
    this.#path = path
  }

  static async open(path: string, log: Log): Promise<Agreed> {
    const agreed = new Agreed(path)
    try {
      agreed.#ours = parse(await readFile(path, 'utf8'))
    } catch (err) {
      if (!isAbsent(err)) log.warn({ file: path, err }, 'mirror state unusable')
    }
    return agreed
  }

  get ours(): ReadonlyMap<string, Ours> {
    return this.#ours
  }

  /** At that path both nodes have this now. */
  set({ path, sha256 }: Pick<Entry, 'path' | 'sha256'>): void {
    const known = this.#ours.get(path)
    if (known?.agreed === sha256 && known.intended.length === 0) return
    this.#ours.set(path, { agreed: sha256, intended: [] })
    this.#saved = false
  }

  /** This is about to be put there. */
  intend({ path, sha256 }: Pick<Entry, 'path' | 'sha256'>): void {
    const { agreed, intended } = this.#ours.get(path) ?? nothing
    if (agreed === sha256 || intended.includes(sha256)) return
    this.#ours.set(path, { agreed, intended: [...intended, sha256] })
    this.#saved = false
  }

  /** Neither node has anything there, or a person wants it to be put there anew. */
  forget(path: string): void {
    if (this.#ours.delete(path)) this.#saved = false
  }

  /** What the standby says of the active node's manifest: it has all of that but what it names. */
  async take(
    { entries, unsure }: Pick<Manifest, 'entries' | 'unsure'>,
    { except, drift }: Pick<Report, 'except' | 'drift'>,
  ): Promise<void> {
    if (except === undefined) return
    const isExcept = new Set<string>(except)
    for (const entry of entries) if (!isExcept.has(entry.path)) this.set(entry)
    const isOffered = new Set<string>(entries.map(({ path }) => path))
    const stays = anyOf([...unsure, ...drift.map(({ path }) => path)])
    for (const path of this.#ours.keys()) if (!isOffered.has(path) && !stays(path)) this.forget(path)
    await this.save()
  }

  /** Resolves when what was said is durable. */
  save(): Promise<void> {
    this.#saving = this.#saving.catch(() => {}).then(() => this.#save())
    return this.#saving
  }

  async #save(): Promise<void> {
    if (this.#saved) return
    this.#saved = true
    try {
      const folder = dirname(this.#path)
      await mkdir(folder, { recursive: true, mode: 0o750 })
      await writeDurably(this.#path, JSON.stringify({ format, ours: rowsOf(this.#ours) }))
      await syncFolder(folder)
    } catch (error) {
      this.#saved = false
      throw error
    }
  }
}

const format = 1
const nothing: Ours = { agreed: undefined, intended: [] }

type Row = [path: string, agreed: string | null, ...intended: string[]]

const rowsOf = (ours: ReadonlyMap<string, Ours>): Row[] =>
  [...ours].map(([path, { agreed, intended }]) => [path, agreed ?? null, ...intended])

function parse(text: string): Map<string, Ours> {
  const read = JSON.parse(text) as { format?: unknown; ours?: unknown } | null
  if (read?.format !== format || !Array.isArray(read.ours) || !read.ours.every(isRow))
    throw new Error('it is not what we write')
  return new Map(
    read.ours.map(([path, agreed, ...intended]) => [path, { agreed: agreed ?? undefined, intended }]),
  )
}

function isRow(row: unknown): row is Row {
  if (!Array.isArray(row)) return false
  const [path, agreed, ...intended] = row as unknown[]
  return typeof path === 'string' && (agreed === null || isSha256(agreed)) && intended.every(isSha256)
}
