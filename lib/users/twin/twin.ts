import type { Changes } from '../store/changes.ts'
import type { Entry } from '../store/file-record.ts'
import type { Tip } from '../store/journal-lines.ts'
import type { Batch } from '../store/recent.ts'
import { commonSeq } from '../store/reigns.ts'
import type { Stock } from '../store/stock.ts'
import type { Writer } from '../store/writer.ts'
import { Contents, type Wanted } from './contents.ts'
import { Drift } from './drift.ts'
import { Follower, type Bodies } from './follower.ts'
import { recoverTwin } from './recover-twin.ts'
import { Rescue } from './rescue.ts'
import { Reseed, type ReseedOrder, type Snapshot } from './reseed.ts'
import { rootNow, type Root } from './root.ts'
import { Scrub, type Damaged } from './scrub.ts'
import { Standing } from './standing.ts'

export interface TwinParts extends Stock {
  writer: Pick<Writer, 'takeIn' | 'prune'>
  changes: Pick<Changes, 'failure' | 'stored'>
  /** Takes in what was done by hand, in the background, once this store leads. */
  takeInAll: () => Promise<void>
}

/** What a store has to do with the one on the other node: it leads, or follows and becomes equal to it. */
export class Twin {
  /** What was changed by hand while this store follows. */
  readonly drift: Drift
  readonly rescue: Rescue
  readonly scrub: Scrub
  readonly #parts: TwinParts
  readonly #contents: Contents
  readonly #follower: Follower
  readonly #reseed: Reseed
  readonly #standing: Standing
  #leads = true
  #takingIn: Promise<void> = Promise.resolve()
  #damaged = false
  #missing: readonly Damaged[] = []

  constructor(parts: TwinParts) {
    this.#parts = parts
    this.#contents = new Contents(parts)
    this.drift = new Drift(parts)
    this.rescue = new Rescue(parts.folders.rescue, parts)
    const rescue = this.rescue
    this.#standing = new Standing({ ...parts, rescue, epoch: () => this.epoch ?? 0 })
    this.#follower = new Follower({ ...parts, standing: this.#standing })
    this.#reseed = new Reseed({ ...parts, rescue, standing: this.#standing })
    this.scrub = new Scrub(parts)
  }

  /** Things happen here; otherwise they are copied from where they do. */
  get leads(): boolean {
    return this.#leads
  }

  /** The end of the journal. */
  get tip(): Tip {
    return this.#parts.chain.tip
  }

  /** The last reign that the journal knows of. */
  get epoch(): number | undefined {
    return this.#parts.chain.reigns.at(-1)?.epoch
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
  async recover(): Promise<void> {
    this.#leads = false
    const recovered = await recoverTwin({ ...this.#parts, standing: this.#standing, reseed: this.#reseed })
    this.#damaged = recovered.isDamaged
    this.#missing = recovered.missing.map(({ name, seq, hash }) => ({ name, seq, hash, found: undefined }))
    await this.rescue.list()
  }

  /**
   * From now on things happen here. To be called once nothing is followed any more.
   * @throws Error when somebody else has reigned since
   */
  async lead(epoch: number): Promise<void> {
    await this.#follower.idle()
    await this.#reseed.finish()
    if (epoch < (this.epoch ?? 0))
      throw new Error(`epoch ${epoch} is over: the journal of user data knows of ${this.epoch}`)
    this.#parts.chain.originate(epoch)
    this.#leads = true
    this.drift.forget()
    this.#takingIn = this.#takeInAll()
  }

  /** From now on this store follows. To be called once nobody waits for an acknowledgement any more. */
  async standBy(): Promise<void> {
    const { chain, locks } = this.#parts
    this.#leads = false
    await locks.allSettled()
    await this.#takingIn
    chain.copy()
  }

  /** What was changed by hand becomes versions where things happen, and is only told of where they are copied. */
  async lookThrough(signal: AbortSignal): Promise<void> {
    if (!this.#leads) return this.drift.look(signal)
    await this.#takingIn
    this.#takingIn = this.#takeInAll()
    await this.#takingIn
  }

  /** Resolves once what goes on in the background has ended. */
  async ended(): Promise<void> {
    await this.#follower.idle()
    await this.#takingIn
  }

  /** What the other node lacks after that record; undefined when it must be seeded anew. */
  after(tip: Tip, most?: number): Batch[] | undefined {
    return this.#parts.chain.recent.after(tip, most)
  }

  /** Told whenever there is more of that. @returns takes the listener back */
  onSettled(listener: () => void): () => void {
    return this.#parts.chain.recent.onSettled(listener)
  }

  snapshot(): Snapshot {
    const { chain, histories } = this.#parts
    return { tip: chain.tip, reigns: chain.reigns, entries: histories.entries() }
  }

  /** Up to which record another journal has what this one has. */
  commonWith(other: { tip: Tip; epoch: number | undefined }): number {
    const { reigns, tip } = this.#parts.chain
    return commonSeq(reigns, tip, other)
  }

  /** @returns undefined for what is no longer kept, or cannot be read */
  content(wanted: Wanted): Promise<Buffer | undefined> {
    return this.#contents.read(wanted)
  }

  /** @returns undefined while a change is on its way */
  root(): Root | undefined {
    return rootNow(this.#parts)
  }

  /** Does here what happened on the other node; resolves once it is durable and in place. Calls make a queue. */
  async follow(entries: readonly Entry[], bodies: Bodies): Promise<void> {
    const { changes } = this.#parts
    try {
      await this.#follower.follow(entries, bodies)
    } catch (error) {
      throw changes.failure(error, 'cannot store what the active node has')
    }
    changes.stored()
  }

  /** Makes this store equal to the other one; what only this one has goes to rescue. */
  async reseed(order: ReseedOrder): Promise<void> {
    await this.#follower.idle()
    await this.#reseed.run(order).catch((error: unknown) => {
      throw this.#parts.changes.failure(error, 'cannot become what the active node is')
    })
    this.#damaged = false
    if (order.overDrift) await this.drift.removeAdded(this.#standing)
    await this.drift.look(order.signal)
  }

  async #takeInAll(): Promise<void> {
    await this.#parts.takeInAll().catch((err: unknown) => {
      this.#parts.log.error({ err }, 'user data not looked through')
    })
  }
}
