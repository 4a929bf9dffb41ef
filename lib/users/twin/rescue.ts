import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { syncFolder } from '../../files/sync-folder.ts'
import { isAbsent } from '../../files/disk-error.ts'
import { Refusal } from '../../files/refusal.ts'
import { writeDurably } from '../../files/write-durably.ts'
import { readVersion } from '../store/content.ts'
import { copyDurably } from '../store/copy-durably.ts'
import type { Origin } from '../store/file-record.ts'

/** What was here, and had to give way to what the other node has. It is never deleted by the program. */
export interface Rescued {
  /** `<epoch>/<number>`, by which it is asked for. */
  id: string
  name: string
  /** Why it had to go. */
  why: string
  /** ISO; when it was put here. */
  rescuedAt: string
  /** Of the record it was, where it had one. */
  seq?: number
  at?: string
  op?: 'put' | 'delete' | 'void'
  by?: Origin
  size?: number
  /** SHA-256 in hex; absent where there is no content that could be given back: a deletion, a folder. */
  hash?: string
}

export type RescueNote = Omit<Rescued, 'id' | 'rescuedAt'>

interface Source {
  copy?: string
  move?: string
}

/** Where content and whatever else was in the way goes: `.state/rescue/<epoch>/<number>`, each with a note beside it. */
export class Rescue {
  readonly #root: string
  readonly #wallTime: () => Date
  readonly #log: Log
  #known: Promise<Rescued[]> | undefined
  #count = 0
  /** One at a time: numbers are given out here. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(root: string, { clock, log }: { clock: Clock; log: Log }) {
    this.#root = root
    this.#wallTime = () => clock.wallTime()
    this.#log = log
  }

  /** How many there are, as far as they have been listed. */
  get count(): number {
    return this.#count
  }

  /** Oldest first. */
  list(): Promise<Rescued[]> {
    this.#known ??= this.#read()
    return this.#known
  }

  /** Copies the file at `path`; durable when this resolves. The same record twice is kept once. */
  keep(epoch: number, note: RescueNote, path: string): Promise<void> {
    return this.#inTurn(epoch, note, { copy: path })
  }

  /** Moves whatever is at `path` out of the way. */
  moveAway(epoch: number, note: RescueNote, path: string): Promise<void> {
    return this.#inTurn(epoch, note, { move: path })
  }

  /** A record without content of its own. */
  note(epoch: number, note: RescueNote): Promise<void> {
    return this.#inTurn(epoch, note, {})
  }

  /** @throws Refusal `notFound` */
  async read(id: string): Promise<{ rescued: Rescued; content: Buffer }> {
    const rescued = (await this.list()).find((each) => each.id === id)
    if (rescued === undefined) throw new Refusal('notFound', `nothing rescued has the number ${id}`)
    if (rescued.hash === undefined)
      throw new Refusal('notFound', `${id} is ${rescued.op ?? 'a thing'} without content`)
    return { rescued, content: await readVersion(join(this.#root, id), rescued.hash) }
  }

  async #inTurn(epoch: number, note: RescueNote, from: Source): Promise<void> {
    const turn = this.#last.catch(() => {}).then(() => this.#add(epoch, note, from))
    this.#last = turn
    await turn
  }

  /** A copy is there before its note, and the note before something moves: whatever is lost in a crash is no content. */
  async #add(epoch: number, note: RescueNote, { copy, move }: Source): Promise<void> {
    const all = await this.list()
    if (note.seq !== undefined && all.some((each) => isSame(each, note))) return
    const folder = join(this.#root, String(epoch))
    await mkdir(folder, { recursive: true, mode: 0o750 })
    const number = 1 + Math.max(0, ...(await readdir(folder)).map((name) => Number.parseInt(name, 10) || 0))
    const path = join(folder, String(number))
    const rescued = { id: `${epoch}/${number}`, ...note, rescuedAt: this.#wallTime().toISOString() }
    if (copy !== undefined) await copyDurably(copy, path)
    await writeDurably(`${path}.json`, JSON.stringify(rescued))
    if (move !== undefined) await rename(move, path)
    for (const each of [folder, this.#root, join(this.#root, '..')]) await syncFolder(each)
    this.#count = all.push(rescued)
    const { id, name: file, why } = rescued
    this.#log.warn({ id, file, why }, 'user data rescued')
  }

  async #read(): Promise<Rescued[]> {
    const found: Rescued[] = []
    for (const epoch of (await namesIn(this.#root)).toSorted(byNumber)) {
      const folder = join(this.#root, epoch)
      const notes = (await namesIn(folder)).filter((name) => name.endsWith('.json')).toSorted(byNumber)
      for (const note of notes) found.push(JSON.parse(await readFile(join(folder, note), 'utf8')) as Rescued)
    }
    this.#count = found.length
    return found
  }
}

const isSame = (a: RescueNote, b: RescueNote) =>
  a.seq === b.seq && a.name === b.name && a.hash === b.hash && a.op === b.op && a.at === b.at

const byNumber = (a: string, b: string) => Number.parseInt(a, 10) - Number.parseInt(b, 10)

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (isAbsent(error)) return []
    throw error
  })
}
