import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { parseFileName, type FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import type { Entry, FileRecord, Origin } from '../store/file-record.ts'
import { lookAt, type Folders } from '../store/folders.ts'
import type { Histories } from '../store/histories.ts'
import type { Journal } from '../store/journal.ts'
import type { Tip } from '../store/journal-lines.ts'
import type { NameLocks } from '../store/name-locks.ts'
import type { Batch } from '../store/recent.ts'
import type { RecoveryParts } from '../store/recovery.ts'
import { commonSeq } from '../store/reigns.ts'
import type { OnStep } from '../store/steps.ts'
import { Contents, type Wanted } from './contents.ts'
import { Drift, type Drifted } from './drift.ts'
import { Follower, type Bodies } from './follower.ts'
import { recoverTwin } from './recover-twin.ts'
import { Rescue, type Rescued } from './rescue.ts'
import { Reseed, type ReseedOrder, type Snapshot } from './reseed.ts'
import { rootNow, type Root } from './root.ts'
import { Scrub, type Damaged } from './scrub.ts'
import { Standing } from './standing.ts'

/** What a store that is one of two asks before it changes anything. */
export interface WriteGate {
  /** @throws Refusal `notActive` when nothing new shall begin here */
  mayBegin(): void
  /** @throws Refusal `notActive` when nothing may change here, or be acknowledged */
  mayWrite(): void
  /** Resolves once everything up to that record may be acknowledged. @throws Refusal when it may not */
  replicate(seq: number): Promise<void>
}

export interface TwinParts {
  folders: Folders
  histories: Histories
  journal: Journal
  locks: NameLocks
  clock: Clock
  log: Log
  onStep: OnStep
  onRecord: (record: FileRecord) => void
  prune: (name: FileName) => Promise<void>
  /** Takes in what was done by hand, in the background, once this store leads. */
  takeInAll: () => Promise<void>
  /** What a failure of the disk becomes. */
  failure: (error: unknown, what: string) => Error
  /** The disk takes what it is given. */
  onStored: () => void
  putContent: (name: FileName, content: Buffer, by: Origin) => Promise<FileRecord>
}

/** What a store has to do with the one on the other node: it leads, or follows and becomes equal to it. */
export class Twin {
  readonly #parts: TwinParts
  readonly #contents: Contents
  readonly #drift: Drift
  readonly #follower: Follower
  readonly #rescue: Rescue
  readonly #reseed: Reseed
  readonly #scrub: Scrub
  readonly #standing: Standing
  #leads = true
  #takingIn: Promise<void> = Promise.resolve()
  #damaged = false
  #missing: readonly Damaged[] = []

  constructor(parts: TwinParts) {
    this.#parts = parts
    this.#contents = new Contents(parts)
    this.#drift = new Drift(parts)
    this.#rescue = new Rescue(parts.folders.rescue, parts)
    const epoch = () => this.epoch ?? 0
    this.#standing = new Standing({ ...parts, rescue: this.#rescue, epoch })
    this.#follower = new Follower({ ...parts, standing: this.#standing })
    this.#reseed = new Reseed({ ...parts, rescue: this.#rescue, standing: this.#standing })
    this.#scrub = new Scrub(parts)
  }

  /** Things happen here; otherwise they are copied from where they do. */
  get leads(): boolean {
    return this.#leads
  }

  /** The end of the journal. */
  get tip(): Tip {
    return this.#parts.journal.tip
  }

  /** The last reign that the journal knows of. */
  get epoch(): number | undefined {
    return this.#parts.journal.reigns.at(-1)?.epoch
  }

  /** The journal lost something: only the other node can tell what. */
  get isDamaged(): boolean {
    return this.#damaged
  }

  /** Why nothing can be stored here any more. */
  get broken(): Error | undefined {
    return this.#parts.journal.broken
  }

  /** Content that was not there when this store started. */
  get missing(): readonly Damaged[] {
    return this.#missing
  }

  /** As long as nobody has said which of the two this is, it follows. For the store, when it starts. */
  async recover(parts: RecoveryParts): Promise<void> {
    this.#leads = false
    const recovered = await recoverTwin({ ...parts, standing: this.#standing, reseed: this.#reseed })
    this.#damaged = recovered.isDamaged
    this.#missing = recovered.missing.map(({ name, seq, hash }) => ({ name, seq, hash, found: undefined }))
    await this.#rescue.list()
  }

  /**
   * From now on things happen here. To be called once nothing is followed any more.
   * @throws Error when somebody else has reigned since
   */
  async lead(epoch: number): Promise<void> {
    const { journal } = this.#parts
    await this.#follower.idle()
    await this.#reseed.finish()
    if (epoch < (this.epoch ?? 0))
      throw new Error(`epoch ${epoch} is over: the journal of user data knows of ${this.epoch}`)
    journal.originate(epoch)
    this.#leads = true
    this.#drift.forget()
    this.#takingIn = this.#takeInAll()
  }

  /** What was changed by hand becomes versions where things happen, and is only told of where they are copied. */
  async lookThrough(signal: AbortSignal): Promise<void> {
    if (!this.#leads) return this.#drift.look(signal)
    await this.#takingIn
    this.#takingIn = this.#takeInAll()
    await this.#takingIn
  }

  /** From now on this store follows. To be called once nobody waits for an acknowledgement any more. */
  async standBy(): Promise<void> {
    const { journal, locks } = this.#parts
    this.#leads = false
    await locks.allSettled()
    await this.#takingIn
    journal.copy()
  }

  /** Resolves once what goes on in the background has ended. */
  async ended(): Promise<void> {
    await this.#follower.idle()
    await this.#takingIn
  }

  /** What the other node lacks after that record; undefined when it must be seeded anew. */
  after(tip: Tip, most?: number): Batch[] | undefined {
    return this.#parts.journal.recent.after(tip, most)
  }

  /** Told whenever there is more of that. @returns takes the listener back */
  onSettled(listener: () => void): () => void {
    return this.#parts.journal.onSettled(listener)
  }

  snapshot(): Snapshot {
    const { histories, journal } = this.#parts
    return { tip: journal.tip, reigns: journal.reigns, entries: histories.entries() }
  }

  /** Up to which record another journal has what this one has. */
  commonWith(other: { tip: Tip; epoch: number | undefined }): number {
    const { reigns, tip } = this.#parts.journal
    return commonSeq(reigns, tip, other)
  }

  /** @returns undefined for what is no longer kept, or cannot be read */
  content(wanted: Wanted): Promise<Buffer | undefined> {
    return this.#contents.read(wanted)
  }

  /** Does here what happened on the other node; resolves once it is durable and in place. Calls make a queue. */
  async follow(entries: readonly Entry[], bodies: Bodies): Promise<void> {
    try {
      await this.#follower.follow(entries, bodies)
    } catch (error) {
      throw this.#parts.failure(error, 'cannot store what the active node has')
    }
    this.#parts.onStored()
  }

  /** Makes this store equal to the other one; what only this one has goes to rescue. */
  async reseed(order: ReseedOrder): Promise<void> {
    await this.#follower.idle()
    await this.#reseed.run(order).catch((error: unknown) => {
      throw this.#parts.failure(error, 'cannot become what the active node is')
    })
    this.#damaged = false
    if (order.overDrift) await this.#removeAdded()
    await this.#drift.look(order.signal)
  }

  /** What was changed by hand while this store follows. */
  drift(): Drifted[] {
    return this.#drift.list()
  }

  async lookForDrift(signal?: AbortSignal): Promise<void> {
    await this.#drift.look(signal)
  }

  get rescuedCount(): number {
    return this.#rescue.count
  }

  rescued(): Promise<Rescued[]> {
    return this.#rescue.list()
  }

  /** @throws Refusal `notFound` */
  readRescued(id: string): Promise<{ rescued: Rescued; content: Buffer }> {
    return this.#rescue.read(id)
  }

  /** Stores what was rescued as a new version. @throws Refusal */
  async restoreRescued(id: string, by: Origin): Promise<FileRecord> {
    const { rescued, content } = await this.#rescue.read(id)
    const name = parseFileName(rescued.name)
    if (!this.#leads) throw new Refusal('notActive', 'restore it on the active node, or make this one active')
    return this.#parts.putContent(name, content, { ...by, why: by.why ?? `rescued as ${id}` })
  }

  /** @returns undefined while a change is on its way */
  root(): Root | undefined {
    return rootNow(this.#parts.journal, this.#parts.histories)
  }

  /** Reads everything that is kept, slowly. */
  scrub(signal: AbortSignal): Promise<Damaged[]> {
    return this.#scrub.run(signal)
  }

  /** @returns false when it is no longer needed. @throws Error for wrong content */
  repair(damaged: Damaged, content: Buffer): Promise<boolean> {
    return this.#scrub.repair(damaged, content)
  }

  async #takeInAll(): Promise<void> {
    await this.#parts.takeInAll().catch((err: unknown) => {
      this.#parts.log.error({ err }, 'user data not looked through')
    })
  }

  async #removeAdded(): Promise<void> {
    const { folders, locks } = this.#parts
    await this.#drift.look()
    for (const { name, what } of this.#drift.list()) {
      if (what !== 'added') continue
      await locks.run([name], async () => {
        const stats = lookAt(folders.pathOf(name))
        if (stats !== undefined) await this.#standing.displace(name, stats, undefined)
        await folders.remove(name)
        await folders.syncName(name)
      })
    }
  }
}
