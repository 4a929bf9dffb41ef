import { mkdir, rename, rm } from 'node:fs/promises'
import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../lib/base/clock.ts'
import { diskError } from '../../lib/files/disk-error.ts'
import { parseFileName } from '../../lib/files/file-name.ts'
import { Refusal } from '../../lib/files/refusal.ts'
import { parseMirrorPath, type MirrorPath } from './layout.ts'
import type { Entry } from './manifest.ts'
import type { Offer } from './offer.ts'
import { copyTo } from './disk/copy.ts'
import type { Placer } from './disk/placer.ts'
import type { Places } from './places.ts'
import type { Scanner } from './disk/scanner.ts'

/** A file that phones shall get from both nodes from the same moment on. */
export interface PublishOrder {
  /** Absolute path of the file on this node, readable by the service. */
  source: string
  root: 'HTTPdata' | 'HTTPSdata' | 'TFTPdata'
  name: string
  /** false: phones get it from this node at once, wherever the other one is. */
  wait: boolean
}

export type PublishProgress =
  | { step: 'copied'; bytes: number; sha256: string }
  /** The other node fetches it. */
  | { step: 'sending'; sentBytes: number; bytes: number }
  | { step: 'on the other node' }
  /** Phones get it. */
  | { step: 'published'; path: MirrorPath }

/** It cannot be published now; the text says what to do. */
export class PublishRefused extends Error {}

export interface PublisherParts {
  folder: string
  places: Places
  placer: Placer
  scanner: Scanner
  offer: Offer
  /** @throws PublishRefused when that may not be now */
  check: (order: PublishOrder) => void
  /** Looks through the places, so that the other node hears at once. */
  look: () => Promise<unknown>
  clock: Clock
}

const tellEveryMs = 500

/** On the active node: brings a file to the other node before phones get it from either. */
export class Publisher {
  readonly #parts: PublisherParts
  readonly #sent = new Map<string, number>()
  readonly #have = new Set<string>()

  constructor(parts: PublisherParts) {
    this.#parts = parts
  }

  /** What a publication left that our end broke off. */
  async start(): Promise<void> {
    await rm(this.#parts.folder, { recursive: true, force: true })
    await mkdir(this.#parts.folder, { recursive: true, mode: 0o750 })
  }

  onSent(sha256: string, bytes: number): void {
    const before = this.#sent.get(sha256)
    if (before !== undefined) this.#sent.set(sha256, before + bytes)
  }

  /** The other node has these. */
  onHave(sha256s: readonly string[]): void {
    for (const sha256 of sha256s) if (this.#sent.has(sha256)) this.#have.add(sha256)
  }

  /**
   * Nothing is changed where phones look until `published`.
   * @throws PublishRefused; Refusal for names that are none, `diskFull`
   */
  async *publish(order: PublishOrder, signal: AbortSignal): AsyncGenerator<PublishProgress> {
    const { check, look, offer } = this.#parts
    const path = parseMirrorPath(`${order.root}/${parseFileName(order.name)}`)
    check(order)
    const { file, entry } = await this.#copy(order.source, path)
    const { sha256, size } = entry
    if (this.#sent.has(sha256)) {
      await rm(file, { force: true })
      throw new PublishRefused(`the content of ${order.source} is being published already`)
    }
    this.#sent.set(sha256, 0)
    try {
      yield { step: 'copied', bytes: size, sha256 }
      if (order.wait) {
        yield* this.#send(file, entry, { order, signal })
        yield { step: 'on the other node' }
      }
      signal.throwIfAborted()
      check(order)
      await this.#place(file, entry)
      await look()
      yield { step: 'published', path }
    } finally {
      // After the entry is offered: until then the other node keeps the content because it is pending.
      offer.dropPending(sha256)
      this.#sent.delete(sha256)
      this.#have.delete(sha256)
      await rm(file, { force: true })
    }
  }

  async #copy(source: string, path: MirrorPath): Promise<{ file: string; entry: Entry }> {
    const { folder, clock } = this.#parts
    const passing = join(folder, crypto.randomUUID())
    try {
      const stats = lstatSync(source)
      if (!stats.isFile()) throw new Refusal('notFound', `${source} is no regular file`)
      const sha256 = await copyTo(passing, source, 'wx')
      const file = `${passing}-${sha256.slice(0, 12)}`
      await rename(passing, file)
      // Not the date of the source: phones that ask what is newer than theirs would not see that it is new.
      const mtimeMs = Math.floor(clock.wallTime().getTime())
      return { file, entry: { path, size: statSync(file).size, sha256, mtimeMs, mode: 0o644 } }
    } catch (error) {
      await rm(passing, { force: true })
      throw diskError(error, `cannot publish ${source}`)
    }
  }

  async *#send(
    file: string,
    { sha256, size }: Entry,
    { order, signal }: { order: PublishOrder; signal: AbortSignal },
  ): AsyncGenerator<PublishProgress> {
    const { offer, clock, check } = this.#parts
    offer.addPending({ sha256, size, path: file, identity: statSync(file) })
    let told = -1
    while (!this.#have.has(sha256)) {
      const sentBytes = Math.min(size, this.#sent.get(sha256) ?? 0)
      if (sentBytes !== told) yield { step: 'sending', sentBytes, bytes: size }
      told = sentBytes
      await clock.sleep(tellEveryMs, signal)
      check(order)
    }
  }

  async #place(file: string, entry: Entry): Promise<void> {
    const { places, placer, scanner } = this.#parts
    const target = places.pathOf(entry.path) ?? ''
    const seen = lstatSync(target, { throwIfNoEntry: false })
    if (seen?.isFile() === false) throw new Refusal('forbidden', `${target} is there, and is no regular file`)
    await placer.place(entry, { path: file, isLast: true }, seen)
    await scanner.remember(entry.path, entry.sha256)
  }
}
