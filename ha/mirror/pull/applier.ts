import type { Log } from '../../../lib/base/log.ts'
import { messageOf } from '../../../lib/base/message-of.ts'
import { errorCode } from '../../../lib/files/disk-error.ts'
import type { Agreed } from '../agreed.ts'
import type { Blobs } from './blobs.ts'
import { ContentChanged } from '../disk/content.ts'
import type { MirrorPath } from '../layout.ts'
import type { Entry } from '../manifest.ts'
import type { Placer, Taken } from '../disk/placer.ts'
import type { Places } from '../places.ts'
import { readyEntries, type Drift, type Plan } from '../plan.ts'
import type { FullScan, Scanner } from '../disk/scanner.ts'

export interface ApplierParts {
  places: Places
  scanner: Scanner
  placer: Placer
  blobs: Blobs
  agreed: Agreed
  log: Log
}

/** Does to the files of the standby what a plan says. What fails is told, and is in the next plan again. */
export class Applier {
  readonly #parts: ApplierParts
  readonly #errors = new Map<string, string>()
  /** Dates that this disk cannot keep as they are wanted: tried once. */
  readonly #asNear = new Set<string>()

  constructor(parts: ApplierParts) {
    this.#parts = parts
  }

  /** Why paths could not be changed, in the last round. */
  get errors(): ReadonlyMap<string, string> {
    return this.#errors
  }

  /** @returns what was changed. @throws Error when it cannot be noted down what is about to be changed */
  async apply(plan: Plan, scan: FullScan, signal: AbortSignal): Promise<MirrorPath[]> {
    const { agreed, blobs } = this.#parts
    for (const entry of plan.equal) agreed.set(entry)
    for (const path of plan.gone) agreed.forget(path)
    const holders = holdersOf(scan)
    const ready = readyEntries(plan, (sha256) => blobs.has(sha256) || holders.has(sha256))
    for (const entry of ready) agreed.intend(entry)
    await agreed.save()
    this.#errors.clear()
    const uses = countUses(plan.place)
    const done: MirrorPath[] = []
    const run = async (path: MirrorPath, change: () => Promise<boolean>) => {
      if (!signal.aborted && (await this.#try(path, change))) done.push(path)
    }
    for (const entry of ready) await run(entry.path, () => this.#place(entry, { scan, holders, uses }))
    for (const path of plan.remove) await run(path, () => this.#remove(path, scan))
    for (const entry of plan.settle) await run(entry.path, () => this.#settle(entry, scan))
    await agreed.save()
    return done
  }

  /** Moves what a person laid here out of the way, so that the next plan puts there what the active node has. */
  async rescue(drift: readonly Drift[], folder: string): Promise<MirrorPath[]> {
    const { placer, agreed, log } = this.#parts
    const moved: MirrorPath[] = []
    for (const { path, why } of drift) {
      if (await placer.rescue(path, folder)) {
        moved.push(path)
        log.warn({ file: path, why, folder }, 'file moved to rescue')
      }
      agreed.forget(path)
    }
    await agreed.save()
    return moved
  }

  async #try(path: MirrorPath, change: () => Promise<boolean>): Promise<boolean> {
    try {
      return await change()
    } catch (error) {
      if (!(error instanceof ContentChanged)) this.#errors.set(path, `${path}: ${whyNot(error)}`)
      return false
    }
  }

  async #place(
    entry: Entry,
    { scan, holders, uses }: { scan: FullScan; holders: Holders; uses: Map<string, number> },
  ): Promise<boolean> {
    const { placer, blobs, scanner, agreed, places } = this.#parts
    const { path, sha256 } = entry
    const holder = holders.get(sha256)
    const isBlob = blobs.has(sha256)
    const from = isBlob ? blobs.pathOf(sha256) : holder && places.pathOf(holder)
    if (from === undefined) return false
    const left = (uses.get(sha256) ?? 1) - 1
    const taken: Taken = { path: from, isLast: isBlob && left === 0 }
    await placer.place(entry, taken, scan.identities.get(path))
    uses.set(sha256, left)
    if (taken.isLast) await blobs.drop(sha256)
    await scanner.remember(path, sha256)
    agreed.set(entry)
    return true
  }

  async #remove(path: MirrorPath, scan: FullScan): Promise<boolean> {
    await this.#parts.placer.remove(path, scan.identities.get(path))
    this.#parts.agreed.forget(path)
    return true
  }

  async #settle(entry: Entry, scan: FullScan): Promise<boolean> {
    const seen = scan.identities.get(entry.path)
    const key = JSON.stringify(entry)
    if (seen === undefined || this.#asNear.has(key)) return false
    if (this.#asNear.size > mostRemembered) this.#asNear.clear()
    this.#asNear.add(key)
    await this.#parts.placer.settle(entry, seen)
    await this.#parts.scanner.remember(entry.path, entry.sha256)
    return true
  }
}

const mostRemembered = 10_000

/** By content, a path of this node that has it. */
export type Holders = ReadonlyMap<string, MirrorPath>

export function holdersOf({ here }: FullScan): Holders {
  const holders = new Map<string, MirrorPath>()
  for (const each of here.values()) if (each.is === 'file') holders.set(each.entry.sha256, each.entry.path)
  return holders
}

function countUses(entries: readonly Entry[]): Map<string, number> {
  const uses = new Map<string, number>()
  for (const { sha256 } of entries) uses.set(sha256, (uses.get(sha256) ?? 0) + 1)
  return uses
}

function whyNot(error: unknown): string {
  const code = errorCode(error)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `the service may not write in its folder (${code}); give the folder to the service's user, and let its unit write there`
  return messageOf(error)
}
