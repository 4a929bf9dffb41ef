import { mkdir } from 'node:fs/promises'
import type { Clock } from '../../../lib/base/clock.ts'
import { fewAtOnce } from '../../../lib/base/few-at-once.ts'
import type { Log } from '../../../lib/base/log.ts'
import { messageOf } from '../../../lib/base/message-of.ts'
import { errorCode } from '../../../lib/files/disk-error.ts'
import { holdersOf, type Applier } from './applier.ts'
import type { Agreed } from '../agreed.ts'
import type { Blobs } from './blobs.ts'
import { Fetcher } from './fetcher.ts'
import { tagOf, type MirrorPath } from '../layout.ts'
import type { Lookout } from '../lookout.ts'
import type { Entry, Manifest } from '../manifest.ts'
import type { Places } from '../places.ts'
import { makePlan, missingContents, type Drift, type Plan } from '../plan.ts'
import type { FullScan } from '../disk/scanner.ts'
import type { Client } from '../wire/client.ts'
import { mostNamed, type Report } from '../wire/report.ts'

export interface PullerParts {
  client: Client
  places: Places
  blobs: Blobs
  agreed: Agreed
  applier: Applier
  lookout: Pick<Lookout, 'look' | 'pauseMs'>
  /** Files were changed; a certificate and its key come in one call. */
  onPlaced: (paths: readonly MirrorPath[]) => void
  /** The status may have changed. */
  onRound: () => void
  clock: Clock
  log: Log
}

export interface PullerStatus {
  /** Files of the active node that are not here yet; undefined while it could not be asked. */
  behind: { files: number; bytes: number } | undefined
  drift: readonly Drift[]
  /** Why files cannot be had or put in place: a person should know. */
  alarming: readonly string[]
  lastError: string | undefined
}

/** The manifest of the active node. */
interface Wanted {
  etag: string
  manifest: Manifest
  /** Of its entries, those that the settings of this node have a place for. */
  entries: readonly Entry[]
}

const waitMs = 20_000
const retryMs = 1_000

/** On the standby: keeps the files as the active node has them. */
export class Puller {
  readonly #parts: PullerParts
  readonly #fetcher: Fetcher
  readonly #stopping = new AbortController()
  readonly #inTurn = fewAtOnce(1)
  #wanted: Wanted | undefined
  #plan: Plan | undefined
  #connectionError: string | undefined
  #roundError: string | undefined
  #reported = ''
  #work: Promise<unknown> = Promise.resolve()
  #wake = () => {}

  constructor(parts: PullerParts) {
    this.#parts = parts
    this.#fetcher = new Fetcher({
      ...parts,
      ask: (sha256, from, signal) => parts.client.blob(sha256, from, signal),
      onNews: () => this.#wake(),
    })
  }

  start(): void {
    this.#work = Promise.all([this.#listen(), this.#keepLike()])
  }

  /** A file that is being put in place is, the others are not begun. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake()
    await this.#fetcher.stop()
    await this.#work
  }

  status(): PullerStatus {
    const place = this.#plan?.place
    const problems = this.#fetcher.problems()
    const alarming = [
      ...problems.filter(({ isAlarming }) => isAlarming).map(({ why }) => why),
      ...this.#parts.applier.errors.values(),
      ...(this.#roundError === undefined ? [] : [this.#roundError]),
    ]
    return {
      behind: place && { files: place.length, bytes: place.reduce((sum, { size }) => sum + size, 0) },
      drift: this.#plan?.drift ?? [],
      alarming,
      lastError: alarming[0] ?? this.#connectionError ?? problems[0]?.why,
    }
  }

  /** Files of the active node that are not here yet. */
  missing(): MirrorPath[] {
    return this.#plan?.place.map(({ path }) => path) ?? []
  }

  /** @returns what was moved below `folder`, to make room for what the active node has */
  async resync(folder: string): Promise<MirrorPath[]> {
    const moved = await this.#inTurn(async () => {
      await this.#round()
      return this.#parts.applier.rescue(this.#plan?.drift ?? [], folder)
    })
    this.#fetcher.retryNow()
    this.#wake()
    return moved
  }

  async #listen(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#ask(signal)
        this.#connectionError = undefined
      } catch (error) {
        if (signal.aborted) return
        this.#connectionError = messageOf(error)
        await this.#parts.clock.sleep(retryMs, signal).catch(() => {})
      }
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { client, places, clock } = this.#parts
    const askedAt = clock.now()
    const fetched = await client.manifest({ etag: this.#wanted?.etag ?? '', waitMs }, signal)
    // A node that says at once that there is nothing new is not asked without a pause.
    if (fetched === undefined && clock.now() - askedAt < retryMs) await clock.sleep(retryMs, signal)
    if (fetched === undefined) return
    const { etag, manifest } = fetched
    if (manifest.role !== 'active') throw new Error(`${manifest.node} is not active`)
    const entries = manifest.entries.filter(({ path }) => places.pathOf(path) !== undefined)
    this.#wanted = { etag, manifest, entries }
    this.#wake()
  }

  async #keepLike(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const woken = this.#untilWoken()
      const hasMore = await this.#inTurn(() => this.#round()).catch((error: unknown) => this.#failed(error))
      this.#parts.onRound()
      if (!hasMore) await woken
    }
  }

  async #untilWoken(): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    const signal = AbortSignal.any([woken.signal, this.#stopping.signal])
    await this.#parts.clock.sleep(this.#parts.lookout.pauseMs(), signal).catch(() => {})
  }

  /** Of the disk, as a rule: the next round may fare better. */
  #failed(error: unknown): boolean {
    if (this.#stopping.signal.aborted) return false
    const why = messageOf(error)
    if (why !== this.#roundError) this.#parts.log.error({ err: error }, 'mirror round failed')
    this.#roundError = why
    return false
  }

  /** @returns whether files were changed, so that there may be more to do */
  async #round(): Promise<boolean> {
    const { lookout, agreed, applier, onPlaced, log } = this.#parts
    const { signal } = this.#stopping
    const scan = await lookout.look(signal)
    const wanted = this.#wanted
    if (wanted === undefined) return false
    await this.#makeTops(scan, wanted)
    const { unsure } = wanted.manifest
    const plan = makePlan({ wanted: { entries: wanted.entries, unsure }, scan, ours: agreed.ours })
    this.#plan = plan
    await this.#fetch(plan, wanted, scan)
    const done = await applier.apply(plan, scan, signal)
    this.#roundError = undefined
    if (done.length === 0) {
      await this.#report(plan, wanted)
      return false
    }
    log.info({ files: done.length, first: done[0] }, 'files taken from the active node')
    onPlaced(done)
    return true
  }

  /** A folder that this node never had is made. One that is gone with all it held is made too, and is drift. */
  async #makeTops(scan: FullScan, { entries }: Wanted): Promise<void> {
    const filled = new Set(entries.map(({ path }) => tagOf(path)))
    for (const { tag, path } of this.#parts.places.folders()) {
      if (!filled.has(tag) || !scan.unsure.includes(`${tag}/`)) continue
      await mkdir(path, { mode: 0o755 }).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error
      })
    }
  }

  async #fetch({ place }: Plan, { manifest: { pending } }: Wanted, scan: FullScan): Promise<void> {
    const { blobs } = this.#parts
    const contents = [...place, ...pending]
    await blobs.keepOnly(new Set(contents.map(({ sha256 }) => sha256)))
    // What some file here holds is copied from there; but what is to be published must not depend on that file.
    const holders = holdersOf(scan)
    const isPending = new Set(pending.map(({ sha256 }) => sha256))
    const has = (sha256: string) => blobs.has(sha256) || (holders.has(sha256) && !isPending.has(sha256))
    this.#fetcher.want(missingContents(contents, has))
  }

  /** Once for each thing there is to tell. */
  async #report({ equal, drift }: Plan, { etag, manifest }: Wanted): Promise<void> {
    const { client, blobs } = this.#parts
    const isEqual = new Set<string>(equal.map(({ path }) => path))
    const except = manifest.entries.map(({ path }) => path).filter((path) => !isEqual.has(path))
    const report: Report = {
      etag,
      have: manifest.pending.map(({ sha256 }) => sha256).filter((sha256) => blobs.has(sha256)),
      except: except.length > mostNamed ? undefined : except,
      drift: drift.slice(0, mostNamed).map(({ path, why }) => ({ path, why })),
    }
    const text = JSON.stringify(report)
    if (text === this.#reported) return
    try {
      await client.report(report, this.#stopping.signal)
      this.#reported = text
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#connectionError = messageOf(error)
    }
  }
}
