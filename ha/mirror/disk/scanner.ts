import { lstatSync, type Dirent, type Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Clock } from '../../../lib/base/clock.ts'
import { printable } from '../../../lib/base/printable.ts'
import { isAbsent } from '../../../lib/files/disk-error.ts'
import type { Identity } from '../../../lib/files/hot-files.ts'
import { listNames } from '../../../lib/files/roots.ts'
import { parseMirrorPath, type FolderTag, type MirrorPath } from '../layout.ts'
import type { Places } from '../places.ts'
import type { Here, Scan } from '../plan.ts'
import { damagedFile, Judge, oddOf, whyUnreadable } from './judge.ts'

export interface FullScan extends Scan {
  /** As each file was looked at; a change after that shows in it. */
  identities: ReadonlyMap<string, Identity>
  /** What phones may get here but the other node will not have, and why. */
  leftOut: readonly { path: string; why: string }[]
  /** Their content became another although nobody wrote: the disk did. */
  damaged: readonly string[]
  /** How much of the time went into reading files. */
  readMs: number
}

interface Findings {
  here: Map<string, Here>
  identities: Map<string, Identity>
  unsure: string[]
  leftOut: { path: string; why: string }[]
  damaged: string[]
}

/** Files looked at between two breaths. */
const sliceFiles = 100

/** Looks through all places for what belongs to both nodes. */
export class Scanner {
  readonly #places: Places
  readonly #judge: Judge

  /** @param settledMs a file that was written this recently may not be whole */
  constructor(places: Places, parts: { settledMs: number; clock: Clock }) {
    this.#places = places
    this.#judge = new Judge(places, parts)
  }

  /** Survives what vanishes under its eyes. @param signal ends it early, with an AbortError */
  async scan(signal: AbortSignal): Promise<FullScan> {
    const findings = { here: new Map(), identities: new Map(), unsure: [], leftOut: [], damaged: [] }
    const before = this.#judge.readMs
    const walk = new Walk(this.#places, this.#judge, { findings, signal })
    await walk.all()
    this.#judge.keepOnly(findings.here)
    return { ...findings, readMs: this.#judge.readMs - before }
  }

  /** Reads every file anew at the next scan. */
  forget(): void {
    this.#judge.forget()
  }

  /** The content at that path is known, since it was just put there: it need not be read, nor left alone for a while. */
  remember(path: MirrorPath, sha256: string): Promise<void> {
    return this.#judge.remember(path, sha256)
  }
}

class Walk {
  readonly #places: Places
  readonly #judge: Judge
  readonly #found: Findings
  readonly #signal: AbortSignal

  constructor(places: Places, judge: Judge, run: { findings: Findings; signal: AbortSignal }) {
    this.#places = places
    this.#judge = judge
    this.#found = run.findings
    this.#signal = run.signal
  }

  async all(): Promise<void> {
    for (const { tag, path } of this.#places.folders()) {
      if (tag === 'FTPdata') await this.#lists(path)
      else await this.#folder(tag, path)
    }
    for (const { tag, path } of this.#places.files()) await this.#single(tag, path)
  }

  /** A hundred thousand files of users may lie beside them. */
  async #lists(top: string): Promise<void> {
    for (const name of listNames('ftp')) await this.#single(`FTPdata/${name}`, join(top, name))
  }

  async #folder(tag: FolderTag, top: string): Promise<void> {
    const waiting = ['']
    for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
      for (const [index, entry] of (await this.#entries(tag, top, below)).entries()) {
        if (index % sliceFiles === 0) await breathe(undefined, { signal: this.#signal })
        const name = `${below}${entry.name}`
        if (entry.name.startsWith('.') || this.#places.isSingle(join(top, name))) continue
        if (!entry.isDirectory()) await this.#entry(`${tag}/${name}`, join(top, name), entry)
        else if (tag !== 'certs') waiting.push(`${name}/`)
      }
    }
  }

  async #entries(tag: FolderTag, top: string, below: string): Promise<Dirent[]> {
    try {
      return await readdir(join(top, below), { withFileTypes: true })
    } catch (error) {
      if (below !== '' && isAbsent(error)) return []
      this.#found.unsure.push(`${tag}/${below}`) // a folder that is gone as a whole may come back with its disk
      if (below !== '') this.#leaveOut(`${tag}/${below}`, whyUnreadable(error))
      return []
    }
  }

  async #entry(text: string, file: string, entry: Dirent): Promise<void> {
    const path = pathOrNone(text)
    if (path !== undefined && entry.isFile()) return this.#file(path, file)
    // A link, whatever its name: it may stand in the place of a folder that the other node has.
    if (entry.isSymbolicLink()) this.#odd(text, 'it is a link')
    else if (path !== undefined) this.#odd(text, 'it is no regular file')
  }

  async #single(name: string, file: string): Promise<void> {
    const path = parseMirrorPath(name)
    const stats = lookAt(file)
    if (stats === undefined) {
      if ((await lstat(dirname(file)).catch(() => undefined)) === undefined) this.#found.unsure.push(path)
    } else if (stats instanceof Error) this.#odd(path, whyUnreadable(stats))
    else if (!stats.isFile()) this.#odd(path, 'it is a link, or no regular file')
    else await this.#file(path, file)
  }

  async #file(path: MirrorPath, file: string): Promise<void> {
    const stats = lookAt(file)
    if (stats === undefined) return
    if (stats instanceof Error) return this.#odd(path, whyUnreadable(stats))
    const here = await this.#judge.judge({ path, file, stats }, this.#signal)
    if (here === undefined) return
    if (here.is === 'odd') return this.#odd(path, here.why, here)
    this.#found.here.set(path, here)
    if (here.is === 'file') this.#found.identities.set(path, stats)
    else this.#found.unsure.push(path)
  }

  #odd(path: string, why: string, here = oddOf(why)): void {
    this.#found.here.set(path, here)
    this.#leaveOut(path, why)
    if (here === damagedFile) this.#found.damaged.push(path)
  }

  #leaveOut(path: string, why: string): void {
    this.#found.leftOut.push({ path: printable(path, 300), why: printable(why) })
  }
}

/** @returns undefined when there is nothing. Synchronous: it takes microseconds, the thread pool thirty. */
function lookAt(path: string): Stats | Error | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (isAbsent(error)) return undefined
    return error instanceof Error ? error : new Error(String(error))
  }
}

function pathOrNone(text: string): MirrorPath | undefined {
  try {
    return parseMirrorPath(text)
  } catch {
    return undefined
  }
}
