import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../base/message-of.ts'
import { unlessMissing } from '../files/disk-error.ts'
import type { FileName } from '../files/file-name.ts'
import { writeDurably } from '../files/write-durably.ts'
import type { CopiedFile } from './schedule.ts'

/**
 * What the other server has, in a file that outlives restarts: what must be sent follows from it. It goes by content
 * and not by version: a content that was sent need not be sent again when it comes back, and the numbers of versions
 * begin anew when a store is laid out afresh. Lost or for another server, it means that everything is sent once more.
 */
export class SentFiles {
  readonly #path: string
  readonly #target: string
  #hashes = new Map<string, string>()
  #lastSuccessAt: string | undefined
  #failingSince: string | undefined
  #isSaved = true

  private constructor(path: string, target: string) {
    this.#path = path
    this.#target = target
  }

  /** @param onUnusable told why a file that is there tells nothing */
  static async open(path: string, target: string, onUnusable: (why: string) => void): Promise<SentFiles> {
    const sent = new SentFiles(path, target)
    const text = await readFile(path, 'utf8').catch(unlessMissing)
    if (text === undefined) return sent
    try {
      const saved = parseSaved(text)
      if (saved.target !== target) {
        onUnusable(`it is about ${saved.target}`)
        return sent
      }
      sent.#hashes = new Map(saved.sent)
      sent.#lastSuccessAt = saved.lastSuccessAt
      sent.#failingSince = saved.failingSince
    } catch (error) {
      onUnusable(messageOf(error))
    }
    return sent
  }

  has({ name, hash }: CopiedFile): boolean {
    return this.#hashes.get(name) === short(hash)
  }

  add({ name, hash }: CopiedFile): void {
    this.#hashes.set(name, short(hash))
    this.#isSaved = false
  }

  /** When all that waited had been sent, for the last time. */
  get lastSuccessAt(): Date | undefined {
    return this.#lastSuccessAt === undefined ? undefined : new Date(this.#lastSuccessAt)
  }

  /** The first failure since then. It counts over restarts, so it is by the clock on the wall. */
  get failingSince(): Date | undefined {
    return this.#failingSince === undefined ? undefined : new Date(this.#failingSince)
  }

  succeeded(at: Date): void {
    this.#lastSuccessAt = at.toISOString()
    this.#isSaved = false
  }

  /** Nothing fails any more, be it that there is nothing left to send. */
  recovered(): void {
    if (this.#failingSince === undefined) return
    this.#failingSince = undefined
    this.#isSaved = false
  }

  failed(at: Date): void {
    if (this.#failingSince !== undefined) return
    this.#failingSince = at.toISOString()
    this.#isSaved = false
  }

  /** Forgets what is no longer in the store, so that this does not grow for ever. */
  keepOnly(names: ReadonlySet<FileName>): void {
    for (const name of this.#hashes.keys()) {
      if (names.has(name as FileName)) continue
      this.#hashes.delete(name)
      this.#isSaved = false
    }
  }

  /** Writes the file anew, when something has changed, and puts it in place whole. */
  async save(): Promise<void> {
    if (this.#isSaved) return
    this.#isSaved = true
    const saved: Saved = {
      target: this.#target,
      lastSuccessAt: this.#lastSuccessAt,
      failingSince: this.#failingSince,
      sent: [...this.#hashes],
    }
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o750 })
      await writeDurably(this.#path, JSON.stringify(saved))
    } catch (error) {
      this.#isSaved = false
      throw error
    }
  }
}

interface Saved {
  target: string
  lastSuccessAt: string | undefined
  failingSince: string | undefined
  sent: [name: string, hash: string][]
}

/** 128 bits tell contents apart, in half the room. */
const short = (hash: string) => hash.slice(0, 32)

function parseSaved(text: string): Saved {
  const read: unknown = JSON.parse(text)
  if (typeof read !== 'object' || read === null) throw new Error('not an object')
  const { target, lastSuccessAt, failingSince, sent } = read as Record<string, unknown>
  if (typeof target !== 'string' || !Array.isArray(sent) || !sent.every(isPair))
    throw new Error('target or sent is missing')
  return { target, lastSuccessAt: dateOf(lastSuccessAt), failingSince: dateOf(failingSince), sent }
}

const isPair = (entry: unknown): entry is [string, string] =>
  Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string')

const dateOf = (text: unknown): string | undefined =>
  typeof text === 'string' && !Number.isNaN(Date.parse(text)) ? text : undefined
