import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Alarms } from '../../base/alarms.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { messageOf } from '../../base/message-of.ts'
import type { FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import { versionAsOf, type VersionRecord } from './as-of.ts'
import type { ArchivedStore } from './archived-store.ts'
import type { ArchivedFile, Manifest } from './manifest.ts'
import { MonthFolders } from './month-folders.ts'
import { endOf, expired, monthBefore, monthOf, parseMonth, type Month } from './month.ts'
import { hashOfPacked, sha256, writePacked } from './packed-file.ts'
import { restoreMonth, type RestoreReport } from './restore.ts'

export interface ArchiveParts {
  store: ArchivedStore
  alarms: Alarms
  clock: Clock
  log: Log
}

export interface RunOptions {
  /** Ends the run after the file it is at; the next run goes on from there. */
  signal?: AbortSignal
  progress?: (done: number, total: number, name: FileName) => void
}

export type RunReport =
  | { outcome: 'written'; month: Month; files: number; bytes: number; reused: number; missing: FileName[] }
  /** No file existed at the end of that month. */
  | { outcome: 'nothing'; month: Month }
  /** It was archived when it was over, which cannot be bettered: older versions may be gone by now. */
  | { outcome: 'there'; month: Month }

export type MonthSummary =
  | { month: Month; complete: boolean; madeAt: string; files: number; bytes: number; missing: FileName[] }
  | { month: Month; damaged: string }

const alarmSubject = 'archive of user data'

/** Each month's user data, packed in a folder of its own, each file read back before it counts. */
export class Archive {
  readonly #folders: MonthFolders
  readonly #parts: ArchiveParts
  /** The run at work, or the last one: one at a time. */
  #last: Promise<unknown> = Promise.resolve()
  #mended: Promise<void> | undefined

  /** @param folder where the months' folders are */
  constructor(folder: string, parts: ArchiveParts) {
    this.#folders = new MonthFolders(folder)
    this.#parts = parts
  }

  /**
   * Archives a month; the current one as it stands, to be done again when it is over. Goes on where a crash left it.
   * @param asked as an administrator writes it; absent: the one before the current
   * @throws Refusal for what is no month, or one to come; Error, with an alarm, when it cannot be written
   */
  async run(asked?: string, options: RunOptions = {}): Promise<RunReport> {
    const now = monthOf(this.#parts.clock.wallTime())
    const month = asked === undefined ? monthBefore(now) : monthNamed(asked)
    if (month > now) throw new Refusal('badName', `${month} has not begun`)
    const run = this.#last.catch(() => {}).then(() => this.#runWithAlarm(month, options))
    this.#last = run
    return run
  }

  /** The months there are, oldest first. */
  async list(): Promise<MonthSummary[]> {
    await this.#mendOnce()
    return Promise.all((await this.#folders.months()).map((month) => this.#summary(month)))
  }

  /**
   * Puts a month's files, or one of them, back as new versions. A damaged one is refused, and keeps no other back.
   * @throws Refusal when there is no such month or file
   */
  async restore(asked: string, name?: string): Promise<RestoreReport> {
    await this.#mendOnce()
    const month = monthNamed(asked)
    const report = await restoreMonth(month, name, this.#folders, this.#parts.store)
    const counts = { restored: report.restored.length, unchanged: report.unchanged.length }
    this.#parts.log.info({ month, ...counts, refused: report.refused.length }, 'archive restored')
    return report
  }

  /** Removes the oldest months, beside the current one, so that `keep` are left. */
  async expire(keep: number): Promise<void> {
    const now = monthOf(this.#parts.clock.wallTime())
    const past = (await this.#folders.months()).filter((month) => month < now)
    for (const month of expired(past, keep)) {
      await this.#folders.remove(month)
      this.#parts.log.info({ month, keep }, 'archive month removed')
    }
  }

  async #runWithAlarm(month: Month, options: RunOptions): Promise<RunReport> {
    const { alarms } = this.#parts
    try {
      await this.#mendOnce()
      const report = await this.#run(month, options)
      if (report.outcome === 'written' && report.missing.length > 0)
        alarms.raise(alarmSubject, `${month} lacks ${firstOf(report.missing)}, which could not be read`)
      else if (report.outcome !== 'there') alarms.clear(alarmSubject)
      return report
    } catch (cause) {
      if (options.signal?.aborted !== true) {
        const why = `${month} could not be written, and is tried again each hour: ${messageOf(cause)}`
        alarms.raise(alarmSubject, why)
      }
      throw cause
    }
  }

  async #run(month: Month, options: RunOptions): Promise<RunReport> {
    if ((await this.#folders.manifest(month))?.complete === true) return { outcome: 'there', month }
    const { clock, log } = this.#parts
    const startedAt = clock.now()
    const [end, wallTime] = [endOf(month), clock.wallTime()]
    const versions = this.#asOf(end)
    if (versions.length === 0) return { outcome: 'nothing', month }
    await this.#folders.begin(month)
    const written = await this.#writeAll(month, versions, options)
    const { files, missing, reused } = written
    const complete = wallTime >= end
    await this.#folders.finish({ month, complete, madeAt: wallTime.toISOString(), files, missing })
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    const ms = Math.round(clock.now() - startedAt)
    const lacking = missing.map(({ name }) => name)
    log.info({ month, complete, files: files.length, bytes, reused, missing: lacking, ms }, 'archive written')
    return { outcome: 'written', month, files: files.length, bytes, reused, missing: lacking }
  }

  #asOf(end: Date): VersionRecord[] {
    const { store } = this.#parts
    const names = new Set([...store.files(), ...store.deleted()].map(({ name }) => name))
    return [...names]
      .toSorted()
      .map((name) => versionAsOf(store.versions(name), end))
      .filter((version) => version !== undefined)
  }

  async #writeAll(month: Month, versions: readonly VersionRecord[], { signal, progress }: RunOptions) {
    const files: ArchivedFile[] = []
    const missing: Manifest['missing'] = []
    let reused = 0
    for (const version of versions) {
      signal?.throwIfAborted()
      const how = await this.#write(this.#folders.partialPathOf(month, version.name), version)
      const { name, size, hash, seq } = version
      if (typeof how === 'object') missing.push({ name, why: how.why })
      else files.push({ name, size, hash, seq })
      if (how === 'reused') reused += 1
      progress?.(files.length + missing.length, versions.length, name)
    }
    return { files, missing, reused }
  }

  /** A file that cannot be read must not keep the others out of the archive; one that cannot be written ends the run. */
  async #write(path: string, version: VersionRecord): Promise<'written' | 'reused' | { why: string }> {
    const { name, size, hash, seq } = version
    if ((await hashOfPacked(path, size)) === hash) return 'reused'
    let content: Buffer
    try {
      content = await this.#parts.store.readVersion(name, seq)
    } catch (error) {
      return { why: messageOf(error) }
    }
    const found = sha256(content)
    if (found !== hash) return { why: `its content has the hash ${found}, and should have ${hash}` }
    await mkdir(dirname(path), { recursive: true, mode: 0o750 })
    await writePacked(path, content)
    const readBack = await hashOfPacked(path, size)
    if (readBack !== hash)
      throw new Error(`${path} reads back as ${readBack ?? 'damaged'} instead of ${hash}; look at the disk`)
    return 'written'
  }

  async #summary(month: Month): Promise<MonthSummary> {
    try {
      const manifest = await this.#folders.manifest(month)
      if (manifest === undefined) throw new Error('it has just been removed')
      const { complete, madeAt, files, missing } = manifest
      const bytes = files.reduce((sum, { size }) => sum + size, 0)
      return { month, complete, madeAt, files: files.length, bytes, missing: missing.map(({ name }) => name) }
    } catch (error) {
      return { month, damaged: messageOf(error) }
    }
  }

  /** Before anything looks at the folders, and not while a run moves them. */
  #mendOnce(): Promise<void> {
    this.#mended ??= this.#folders.mend().catch((error: unknown) => {
      this.#mended = undefined
      throw error
    })
    return this.#mended
  }
}

function monthNamed(asked: string): Month {
  const month = parseMonth(asked)
  if (month === undefined) throw new Refusal('badName', `write the month as 2026-11, not ${asked}`)
  return month
}

/** Names for an alarm, which nobody reads when they are thousands. */
const firstOf = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more files`
