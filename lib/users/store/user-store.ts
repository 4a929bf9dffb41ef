import type { Alarms } from '../../base/alarms.ts'
import type { Clock } from '../../base/clock.ts'
import type { Component } from '../../base/component.ts'
import type { Log } from '../../base/log.ts'
import { diskError } from '../../files/disk-error.ts'
import type { FileName } from '../../files/file-name.ts'
import { HotFiles } from '../../files/hot-files.ts'
import { ProbeFiles } from '../../files/probe-files.ts'
import { Refusal } from '../../files/refusal.ts'
import type { StoredFile } from '../../files/stored-file.ts'
import type { Upload } from '../../files/upload.ts'
import { Twin, type WriteGate } from '../twin/twin.ts'
import { Bin } from './bin.ts'
import type { FileRecord, Origin } from './file-record.ts'
import { Folders, isAddressList } from './folders.ts'
import { Histories } from './histories.ts'
import { keepHouse } from './housekeeping.ts'
import { Journal } from './journal.ts'
import { NameLocks } from './name-locks.ts'
import { ProbeStore } from './probe-store.ts'
import { Reader } from './reader.ts'
import { recover } from './recovery.ts'
import { StagedFile } from './staged-file.ts'
import { takeInAll } from './take-in.ts'
import type { OnStep } from './steps.ts'
import { UserUpload } from './user-upload.ts'
import { Writer } from './writer.ts'

export type { FileRecord, Origin } from './file-record.ts'

export interface UserStoreSettings {
  dataFolder: string
  /** Largest file, unless an upload has a limit of its own. */
  maxBytes: number
  /** Versions kept of each file, the current one included. */
  versions: number
  /** Days a deleted file can be brought back. */
  binDays: number
  /** A backup that shrinks by more than this share keeps the one before at hand. */
  shrinkPercent: number
  /** The journal is compacted when it is larger than this, and twice what is needed of it. */
  compactAtBytes?: number
}

export interface UserStoreParts {
  clock: Clock
  log: Log
  alarms: Alarms
  onStep?: OnStep
  /** Memory for what is asked for often; absent: none. */
  hot?: HotFiles
  /** The watchdog's files, which leave nothing behind; absent: there are none. */
  probes?: ProbeFiles
  /** Of one of two nodes; absent: this store is the only one, and leads. */
  gate?: WriteGate
}

/** What the other node may lack and still catch up with, instead of being seeded anew. */
const recentBatches = 5_000
const usualJournalBytes = 4_194_304
const diskAlarm = 'disk for user data'

/**
 * What phones save for their users. What was acknowledged is durable, old content stays until new content is whole
 * and durable, and every version is kept for a while. Names are exact: two users never share a file.
 */
export class UserStore implements Component {
  readonly name = 'user data'
  /** What it has to do with the store on the other node. */
  readonly twin: Twin
  readonly #settings: UserStoreSettings
  readonly #parts: UserStoreParts
  readonly #folders: Folders
  readonly #histories = new Histories()
  readonly #locks = new NameLocks()
  readonly #journal: Journal
  readonly #writer: Writer
  readonly #reader: Reader
  readonly #bin: Bin
  readonly #probes: ProbeStore
  readonly #uploads = new Set<UserUpload>()
  readonly #listeners = new Set<(record: FileRecord) => void>()
  readonly #stopping = new AbortController()
  #state: 'new' | 'running' | 'stopped' = 'new'
  #daily: Promise<void> = Promise.resolve()
  #changes = 0

  constructor(settings: UserStoreSettings, parts: UserStoreParts) {
    const { clock, log, alarms, onStep = () => {}, hot = new HotFiles(0), probes = new ProbeFiles() } = parts
    this.#settings = settings
    this.#parts = parts
    this.#folders = new Folders(settings.dataFolder)
    const [folders, histories, locks] = [this.#folders, this.#histories, this.#locks]
    const journal = new Journal({
      clock,
      log,
      alarms,
      onStep,
      folder: folders.journal,
      syncFolder: () => folders.sync(folders.journal),
      compactAtBytes: settings.compactAtBytes ?? usualJournalBytes,
      recentBatches: parts.gate === undefined ? 0 : recentBatches,
      apply: (entry) => {
        histories.apply(entry)
        // Read back, each record costs the versions that it cost when it happened: a later one may have been withdrawn.
        if (this.#state === 'new' && parts.gate !== undefined)
          histories.prune(entry.record.name, settings.versions)
      },
      needed: () => histories.entries(),
    })
    this.#journal = journal
    const onRecord = (record: FileRecord) => this.#tell(record)
    const confirm = (seq: number) => this.#confirm(seq)
    this.#writer = new Writer(settings, { folders, histories, journal, log, onStep, onRecord, confirm })
    this.#reader = new Reader({ folders, histories, locks, alarms, hot })
    this.#bin = new Bin(settings.binDays, { folders, histories, journal, locks, clock, log })
    this.#probes = new ProbeStore({ folders, histories, locks, probes })
    this.twin = new Twin({
      folders,
      histories,
      journal,
      locks,
      clock,
      log,
      onStep,
      onRecord,
      prune: (name) => this.#writer.prune(name),
      takeInAll: () => this.#takeInAll(),
      failure: (error, what) => this.#failure(error, what),
      onStored: () => this.#parts.alarms.clear(diskAlarm),
      putContent: (name, content, by) => this.putContent(name, content, by),
    })
  }

  /** Changes and uploads under way. */
  get pending(): number {
    return this.#uploads.size + this.#changes
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    const { clock, log, alarms } = this.#parts
    const [folders, histories, journal] = [this.#folders, this.#histories, this.#journal]
    const [writer, bin] = [this.#writer, this.#bin]
    const recovering = { folders, histories, journal, writer, log, alarms }
    await folders.make()
    if (this.#parts.gate === undefined) await recover(recovering)
    else await this.twin.recover(recovering)
    await bin.purge()
    await this.sweepProbes()
    if (this.#state === 'new') this.#state = 'running'
    const lookThrough = () => (this.twin.leads ? this.#takeInAll() : this.twin.lookForDrift())
    const parts = { journal, bin, lookThrough, clock, log }
    this.#daily = keepHouse(parts, this.#stopping.signal).catch(fail)
  }

  async stop(grace: AbortSignal): Promise<void> {
    this.#state = 'stopped'
    this.#stopping.abort()
    const cut = Promise.withResolvers<void>()
    const onAbort = () => cut.resolve()
    grace.addEventListener('abort', onAbort)
    if (grace.aborted) cut.resolve()
    await Promise.race([this.#ended(), cut.promise])
    grace.removeEventListener('abort', onAbort)
    await this.#journal.close()
  }

  /**
   * @param maxBytes where it is not the limit of the settings
   * @throws Refusal; an Error when the disk has failed
   */
  async begin(
    name: FileName,
    by: Origin,
    how: 'replace' | 'append' = 'replace',
    maxBytes = this.#settings.maxBytes,
  ): Promise<Upload> {
    this.#checkChangeable(name)
    this.#checkMayBegin(name)
    const upload = new UserUpload(new StagedFile(this.#folders.staging, maxBytes), {
      place: (staged) => this.#change([name], () => this.#place(name, staged, by)),
      failure: (error) => this.#failure(error, `cannot store ${name}`),
      onOver: (over) => this.#uploads.delete(over),
    })
    this.#uploads.add(upload)
    if (how === 'append') await this.#copyStanding(name, upload)
    return upload
  }

  /** Stores that content as a new version, however large. */
  async putContent(name: FileName, content: Buffer, by: Origin): Promise<FileRecord> {
    return this.#explained(`cannot store ${name}`, [name], () => this.#put(name, content, by))
  }

  /** @throws Refusal */
  async read(name: FileName): Promise<StoredFile> {
    return this.#probes.has(name) ? this.#probes.read(name) : this.#reader.read(name)
  }

  /** Moves a file to the bin. @throws Refusal `notFound` */
  async remove(name: FileName, by: Origin): Promise<void> {
    await this.#explained(`cannot delete ${name}`, [name], () =>
      this.#probes.has(name) ? this.#probes.remove(name) : this.#writer.remove(name, by),
    )
  }

  /** Removes what earlier runs of the watchdog left behind. */
  async sweepProbes(): Promise<void> {
    await this.#probes.sweep().catch((err: unknown) => {
      this.#parts.log.warn({ err }, 'probe files not tidied up')
    })
  }

  /** Gives a file another name; what has that name becomes a version of it. @throws Refusal `notFound` */
  async rename(from: FileName, to: FileName, by: Origin): Promise<void> {
    await this.#explained(`cannot rename ${from} to ${to}`, [from, to], async () => {
      const { content } = await this.#reader.readNow(from)
      if (from !== to) await this.#staged(content, (staged) => this.#writer.move(from, to, staged, by))
    })
  }

  /** What stands. */
  files(): FileRecord[] {
    return this.#histories.names().flatMap((name) => this.#histories.current(name)?.record ?? [])
  }

  /** What happened to a file as far as it is kept, newest first, deletions included. */
  versions(name: FileName): FileRecord[] {
    return this.#histories.of(name).toReversed()
  }

  /** @throws Refusal `notFound`; an Error when the content is not what was stored */
  readVersion(name: FileName, seq: number): Promise<Buffer> {
    return this.#reader.readVersion(name, seq)
  }

  /** Takes in what was done to a file by hand, which else waits for the next look at all. @throws Refusal */
  async takeIn(name: FileName): Promise<void> {
    await this.#explained(`cannot take in ${name}`, [name], () => this.#writer.takeIn(name))
  }

  /** The deletions of files that can be brought back. */
  deleted(): FileRecord[] {
    return this.#bin.list()
  }

  /** Brings a deleted file back, as a new version. @throws Refusal */
  async undelete(name: FileName, by: Origin): Promise<void> {
    await this.#explained(`cannot bring ${name} back`, [name], async () => {
      await this.#writer.takeIn(name)
      if (this.#histories.current(name) !== undefined)
        throw new Refusal('forbidden', `${name} is not deleted; restore a version of it instead`)
      const last = this.#histories.lastPut(name)?.record
      if (last === undefined) throw new Refusal('notFound', `there is no ${name} in the bin`)
      await this.#put(name, await this.#reader.readKept(last), by)
    })
  }

  /** Told of each change once it is durable. @returns takes the listener back */
  onCommitted(listener: (record: FileRecord) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #place(name: FileName, staged: StagedFile, by: Origin): Promise<'created' | 'replaced'> {
    if (this.#probes.has(name)) return this.#probes.put(name, staged)
    return (await this.#writer.put(name, staged, by)).outcome
  }

  async #copyStanding(name: FileName, upload: UserUpload): Promise<void> {
    try {
      await this.#locks.settled(name)
      await upload.write((await this.#reader.readNow(name)).content)
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'notFound') return
      await upload.abort()
      throw error
    }
  }

  /** A change in its turn, with its failure explained. */
  async #explained<T>(what: string, names: readonly FileName[], task: () => Promise<T>): Promise<T> {
    for (const name of names) this.#checkChangeable(name)
    for (const name of names) this.#checkMayBegin(name)
    try {
      return await this.#change(names, task)
    } catch (error) {
      throw this.#failure(error, what)
    }
  }

  /** What was asked for while the store ran still gets its turn when it stops. */
  async #change<T>(names: readonly FileName[], task: () => Promise<T>): Promise<T> {
    this.#checkRunning()
    this.#changes += 1
    try {
      const result = await this.#locks.run(names, async () => {
        if (!names.every((name) => this.#probes.has(name))) this.#checkMayWrite()
        return task()
      })
      this.#parts.alarms.clear(diskAlarm)
      return result
    } finally {
      this.#changes -= 1
    }
  }

  /** A change is durable here: waits for the other node, and looks once more whether this one may still say yes. */
  async #confirm(seq: number): Promise<void> {
    await this.#parts.gate?.replicate(seq)
    this.#parts.gate?.mayWrite()
  }

  #checkMayBegin(name: FileName): void {
    if (!this.#probes.has(name)) this.#parts.gate?.mayBegin()
  }

  #checkMayWrite(): void {
    this.#parts.gate?.mayWrite()
    if (!this.twin.leads)
      throw new Refusal('notActive', 'user data is only copied here, from the active node')
  }

  /** What was done by hand, for as long as this store leads. */
  async #takeInAll(): Promise<void> {
    const [folders, histories, log] = [this.#folders, this.#histories, this.#parts.log]
    await takeInAll({ folders, histories, log }, (name) =>
      this.#locks.run([name], async () => {
        if (this.twin.leads && this.#state !== 'stopped') await this.#writer.takeIn(name)
      }),
    )
  }

  #failure(error: unknown, what: string): Error {
    const failure = diskError(error, what)
    const { dataFolder } = this.#settings
    if (failure instanceof Refusal && failure.reason === 'diskFull')
      this.#parts.alarms.raise(diskAlarm, `no space left on the disk of ${dataFolder}; phones cannot save`)
    return failure
  }

  #put(name: FileName, content: Buffer, by: Origin): Promise<FileRecord> {
    return this.#staged(content, async (staged) => (await this.#writer.put(name, staged, by)).record)
  }

  async #staged<T>(content: Buffer, use: (staged: StagedFile) => Promise<T>): Promise<T> {
    const staged = new StagedFile(this.#folders.staging, content.length)
    try {
      await staged.write(content)
      return await use(staged)
    } catch (error) {
      await staged.discard().catch(() => {}) // what stays behind is removed at the next start
      throw error
    }
  }

  #checkChangeable(name: FileName): void {
    this.#checkRunning()
    if (isAddressList(name)) throw new Refusal('forbidden', `${name} is an address list`)
  }

  #checkRunning(): void {
    if (this.#state !== 'running') throw new Refusal('busy', 'the store of user data is not running')
    if (this.#journal.broken !== undefined) throw this.#journal.broken
  }

  #tell(record: FileRecord): void {
    for (const listener of this.#listeners) listener(record)
  }

  async #ended(): Promise<void> {
    await Promise.allSettled([...this.#uploads].map((upload) => upload.abort()))
    await this.#daily
    await this.twin.ended()
    await this.#locks.allSettled()
  }
}
