import type { Component } from '../../base/component.ts'
import type { FileName } from '../../files/file-name.ts'
import { HotFiles } from '../../files/hot-files.ts'
import { ProbeFiles } from '../../files/probe-files.ts'
import type { StoredFile } from '../../files/stored-file.ts'
import type { Upload } from '../../files/upload.ts'
import { Twin } from '../twin/twin.ts'
import { announced } from './announced.ts'
import { Bin } from './bin.ts'
import { Changes } from './changes.ts'
import type { FileRecord, Origin } from './file-record.ts'
import { keepHouse } from './housekeeping.ts'
import { ProbeStore } from './probe-store.ts'
import { Reader } from './reader.ts'
import { recover } from './recovery.ts'
import { withStaged } from './staged-file.ts'
import type { OnStep } from './steps.ts'
import { makeStock, type Stock, type StockSettings } from './stock.ts'
import { takeInAll } from './take-in.ts'
import { Uploads } from './uploads.ts'
import type { WriteGate } from './write-gate.ts'
import { Writer } from './writer.ts'

export type { FileRecord, Origin } from './file-record.ts'

export interface UserStoreSettings extends StockSettings {
  /** Largest file, unless an upload has a limit of its own. */
  maxBytes: number
  /** Days a deleted file can be brought back. */
  binDays: number
  /** A backup that shrinks by more than this share keeps the one before at hand. */
  shrinkPercent: number
}

export interface UserStoreParts extends Pick<Stock, 'clock' | 'log' | 'alarms'> {
  onStep?: OnStep
  /** Memory for what is asked for often; absent: none. */
  hot?: HotFiles
  /** The watchdog's files, which leave nothing behind; absent: there are none. */
  probes?: ProbeFiles
  /** Of one of two nodes; absent: this store is the only one, and leads. */
  gate?: WriteGate
}

/**
 * What phones save for their users. What was acknowledged is durable, old content stays until new content is whole
 * and durable, and every version is kept for a while. Names are exact: two users never share a file.
 */
export class UserStore implements Component {
  readonly name = 'user data'
  /** What it has to do with the store on the other node. */
  readonly twin: Twin
  readonly #hasTwin: boolean
  readonly #stock: Stock
  readonly #changes: Changes
  readonly #writer: Writer
  readonly #reader: Reader
  readonly #bin: Bin
  readonly #probes: ProbeStore
  readonly #uploads: Uploads
  readonly #stopping = new AbortController()
  #daily: Promise<void> = Promise.resolve()

  constructor(settings: UserStoreSettings, parts: UserStoreParts) {
    const { gate, clock, log, alarms, onStep = announced } = parts
    this.#hasTwin = gate !== undefined
    const stock = makeStock(settings, this.#hasTwin, { clock, log, alarms, onStep })
    const leads = () => this.twin.leads
    const probes = new ProbeStore({ ...stock, probes: parts.probes ?? new ProbeFiles() })
    const changes = new Changes(settings.dataFolder, { ...stock, probes, gate, leads })
    const writer = new Writer(settings, { ...stock, changes })
    const reader = new Reader({ ...stock, hot: parts.hot ?? new HotFiles(0) })
    this.#stock = stock
    this.#probes = probes
    this.#changes = changes
    this.#writer = writer
    this.#reader = reader
    this.#uploads = new Uploads(settings.maxBytes, { ...stock, probes, changes, writer, reader })
    this.#bin = new Bin(settings.binDays, stock)
    this.twin = new Twin({ ...stock, writer, changes, takeInAll: () => this.#takeInAll() })
  }

  /** Changes and uploads under way. */
  get pending(): number {
    return this.#uploads.underWay + this.#changes.underWay
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    const [stock, writer, bin] = [this.#stock, this.#writer, this.#bin]
    await stock.folders.make()
    await (this.#hasTwin ? this.twin.recover() : recover({ ...stock, writer }))
    await bin.purge()
    await this.sweepProbes()
    this.#changes.open()
    const lookThrough = () => (this.twin.leads ? this.#takeInAll() : this.twin.drift.look())
    this.#daily = keepHouse({ ...stock, bin, lookThrough }, this.#stopping.signal).catch(fail)
  }

  async stop(grace: AbortSignal): Promise<void> {
    this.#changes.close()
    this.#stopping.abort()
    const cut = Promise.withResolvers<void>()
    const onAbort = () => cut.resolve()
    grace.addEventListener('abort', onAbort)
    if (grace.aborted) cut.resolve()
    await Promise.race([this.#ended(), cut.promise])
    grace.removeEventListener('abort', onAbort)
    await this.#stock.journal.close()
  }

  /**
   * @param maxBytes where it is not the limit of the settings
   * @throws Refusal; an Error when the disk has failed
   */
  begin(name: FileName, by: Origin, how?: 'replace' | 'append', maxBytes?: number): Promise<Upload> {
    return this.#uploads.begin(name, by, how, maxBytes)
  }

  /** Stores that content as a new version, however large. */
  async putContent(name: FileName, content: Buffer, by: Origin): Promise<FileRecord> {
    return this.#changes.explained(`cannot store ${name}`, [name], () => this.#put(name, content, by))
  }

  /** @throws Refusal */
  async read(name: FileName): Promise<StoredFile> {
    return this.#probes.has(name) ? this.#probes.read(name) : this.#reader.read(name)
  }

  /** Moves a file to the bin. @throws Refusal `notFound` */
  async remove(name: FileName, by: Origin): Promise<void> {
    await this.#changes.explained(`cannot delete ${name}`, [name], () =>
      this.#probes.has(name) ? this.#probes.remove(name) : this.#writer.remove(name, by),
    )
  }

  /** Removes what earlier runs of the watchdog left behind. */
  sweepProbes(): Promise<void> {
    return this.#probes.sweep()
  }

  /** Gives a file another name; what has that name becomes a version of it. @throws Refusal `notFound` */
  async rename(from: FileName, to: FileName, by: Origin): Promise<void> {
    await this.#changes.explained(`cannot rename ${from} to ${to}`, [from, to], async () => {
      const { content } = await this.#reader.readNow(from)
      if (from === to) return
      const { staging } = this.#stock.folders
      await withStaged(staging, content, (staged) => this.#writer.move(from, to, staged, by))
    })
  }

  /** What stands. */
  files(): FileRecord[] {
    const { histories } = this.#stock
    return histories.names().flatMap((name) => histories.current(name)?.record ?? [])
  }

  /** What happened to a file as far as it is kept, newest first, deletions included. */
  versions(name: FileName): FileRecord[] {
    return this.#stock.histories.of(name).toReversed()
  }

  /** @throws Refusal `notFound`; an Error when the content is not what was stored */
  readVersion(name: FileName, seq: number): Promise<Buffer> {
    return this.#reader.readVersion(name, seq)
  }

  /** Takes in what was done to a file by hand, which else waits for the next look at all. @throws Refusal */
  async takeIn(name: FileName): Promise<void> {
    await this.#changes.explained(`cannot take in ${name}`, [name], () => this.#writer.takeIn(name))
  }

  /** The deletions of files that can be brought back. */
  deleted(): FileRecord[] {
    return this.#bin.list()
  }

  /** Brings a deleted file back, as a new version. @throws Refusal */
  async undelete(name: FileName, by: Origin): Promise<void> {
    await this.#changes.explained(`cannot bring ${name} back`, [name], async () => {
      await this.#writer.takeIn(name)
      await this.#put(name, await this.#reader.readKept(this.#bin.find(name)), by)
    })
  }

  #put(name: FileName, content: Buffer, by: Origin): Promise<FileRecord> {
    const { staging } = this.#stock.folders
    return withStaged(staging, content, async (staged) => (await this.#writer.put(name, staged, by)).record)
  }

  /** What was done by hand, for as long as this store leads. */
  async #takeInAll(): Promise<void> {
    await takeInAll(this.#stock, (name) => this.#changes.ifLeading(name, () => this.#writer.takeIn(name)))
  }

  async #ended(): Promise<void> {
    await this.#uploads.abortAll()
    await this.#daily
    await this.twin.ended()
    await this.#stock.locks.allSettled()
  }
}
