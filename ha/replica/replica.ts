import type { Alarms } from '../../lib/base/alarms.ts'
import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Config } from '../../lib/base/config.ts'
import type { Log } from '../../lib/base/log.ts'
import type { FileRecord, Origin, UserStore } from '../../lib/users/store/user-store.ts'
import type { Rescued } from '../../lib/users/twin/rescue.ts'
import { Acknowledger } from './acknowledger.ts'
import { insyncQuestion, type AskAgent } from './agent-question.ts'
import type { Gate } from './gate.ts'
import { makePacer } from './pacer.ts'
import { Receiver } from './receiver.ts'
import { Reign } from './reign.ts'
import { otherNode, type ReplicaStatus, type ReplicaView, type ToldRole } from './role.ts'
import { Sender, type ReplicaKeys } from './sender.ts'
import { statusOf, viewOf } from './status.ts'
import { SyncAlarms } from './sync-alarms.ts'
import { Upkeep, type ScrubReport } from './upkeep.ts'

export type { AgentAnswer } from './agent-question.ts'

export type ReplicaRules = Pick<
  Config['pair'],
  'nodes' | 'replicaPort' | 'durability' | 'replicateMs' | 'mirrorMbitPerSecond'
>

export interface ReplicaSettings {
  pair: ReplicaRules
  /** This node's name. */
  node: string
  keys: ReplicaKeys
}

export interface ReplicaParts {
  store: UserStore
  /** The same that the store was given. */
  gate: Gate
  askAgent: AskAgent
  clock: Clock
  log: Log
  alarms: Alarms
  random?: () => number
}

type Mode = { name: 'not told' } | { name: 'active'; reign: Reign } | { name: 'standby'; epoch: number }

/** A change of role that failed is tried again after this. */
const retryMs = 500
/** Two nodes that still differ after they were made equal are a riddle, for which once an hour is enough. */
const resyncEveryMs = 3_600_000

/** Keeps users' data on both nodes: on the active one nothing is acknowledged before the other has it. */
export class Replica implements Component {
  readonly name = 'replica'
  readonly #settings: ReplicaSettings
  readonly #parts: ReplicaParts
  readonly #other: string
  readonly #sender: Sender
  readonly #receiver: Receiver
  readonly #upkeep: Upkeep
  readonly #alarms: SyncAlarms
  readonly #stopping = new AbortController()
  #mode: Mode = { name: 'not told' }
  #told: ToldRole | undefined
  #changing: Promise<void> | undefined
  #looking: Promise<void> = Promise.resolve()
  #isStarted = false
  #lastCompare: ReplicaStatus['lastCompare']
  #resyncedAt = -Infinity
  #saidError: string | undefined

  /** @throws Error when the settings do not name both nodes */
  constructor(settings: ReplicaSettings, parts: ReplicaParts) {
    this.#settings = settings
    this.#parts = parts
    const { pair, node, keys } = settings
    const { me, other } = otherNode(pair.nodes, node)
    this.#other = other.name
    const { twin } = parts.store
    const pace = makePacer(pair.mirrorMbitPerSecond, parts.clock, this.#stopping.signal)
    const common = { ...parts, twin, pace }
    const { replicaPort: port, durability: mode } = pair
    this.#sender = new Sender({ address: me.address, port, other: other.name, keys }, common)
    const onCompared = (isEqual: boolean, files?: number) => this.#compared(isEqual, files)
    this.#receiver = new Receiver({ node, other, port, keys }, { ...common, onCompared })
    const { random = Math.random } = parts
    this.#upkeep = new Upkeep({ ...common, random, exchange: () => this.#exchange })
    this.#alarms = new SyncAlarms({ other: other.name, mode }, parts)
  }

  /** To be started after the store. */
  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#isStarted = true
    this.#sender.start()
    this.#looking = this.#upkeep.keepLooking(this.#stopping.signal).catch(fail)
    this.#change()
  }

  /** To be stopped before the store, so that nobody waits any more for an acknowledgement. */
  async stop(): Promise<void> {
    this.#isStarted = false
    this.#stopping.abort()
    this.#endReign('this node is stopped')
    await this.#changing
    this.#endReign('this node is stopped') // it may just have become active
    await Promise.all([this.#sender.stop(), this.#receiver.stop(), this.#looking])
    this.#alarms.quiet()
  }

  /** What the agent says: with every renewal, and whenever it changes. */
  setRole(told: ToldRole): ReplicaView {
    this.#told = told
    this.#renew()
    this.#change()
    return this.view()
  }

  view(): ReplicaView {
    return viewOf(this.#inside())
  }

  status(): ReplicaStatus {
    return statusOf(this.#inside())
  }

  /** @returns whether nothing is being saved any more; it waits for that until `signal` aborts */
  async drained(signal: AbortSignal): Promise<boolean> {
    const { store, clock } = this.#parts
    while (store.pending > 0 && !signal.aborted) await clock.sleep(5, signal).catch(() => {})
    return store.pending === 0
  }

  /** On the standby: makes everything equal to the active node, what was changed by hand too. */
  resync(why: string): void {
    if (this.#mode.name !== 'standby')
      throw new Error('only the standby can be made equal to the active node')
    this.#receiver.resync({ why, overDrift: true })
  }

  /** On the active node: has both compare what stands, now. */
  compare(): void {
    this.#sender.sending?.compare()
  }

  /** Reads everything on this node's disk, and has mended what is damaged. */
  verify(signal: AbortSignal): Promise<ScrubReport> {
    return this.#upkeep.scrub(AbortSignal.any([signal, this.#stopping.signal]))
  }

  rescued(): Promise<Rescued[]> {
    return this.#parts.store.twin.rescued()
  }

  /** @throws Refusal */
  restoreRescued(id: string, by: Origin): Promise<FileRecord> {
    return this.#parts.store.twin.restoreRescued(id, by)
  }

  get #exchange() {
    return this.#mode.name === 'active' ? this.#sender.sending?.exchange : this.#receiver.receiving?.exchange
  }

  #inside() {
    const [{ store }, mode, other] = [this.#parts, this.#mode, this.#other]
    const { epoch } = mode.name === 'active' ? mode.reign : mode.name === 'standby' ? mode : { epoch: 0 }
    const acknowledging = mode.name === 'active' ? mode.reign.view : undefined
    const [sender, receiver, upkeep] = [this.#sender, this.#receiver, this.#upkeep]
    const lastCompare = this.#lastCompare
    return { mode: mode.name, epoch, other, store, acknowledging, sender, receiver, upkeep, lastCompare }
  }

  /** The gate opens for a little longer, or closes at once. */
  #renew(): void {
    const [told, mode] = [this.#told, this.#mode]
    if (mode.name !== 'active' || told === undefined) return
    if (told.role === 'standby' || told.epoch !== mode.reign.epoch) return this.#endReign(whyNot(told))
    if (!mode.reign.renew(told)) this.#mode = { name: 'not told' }
  }

  #endReign(why: string): void {
    this.#parts.gate.close(why)
    if (this.#mode.name === 'active') this.#mode.reign.end(why)
  }

  #change(): void {
    if (!this.#isStarted || this.#changing !== undefined) return
    if (this.#isAsTold) return this.#receiver.hears(this.#told?.epoch ?? 0)
    this.#changing = this.#changeUntilAsTold().finally(() => {
      this.#changing = undefined
      this.#change()
    })
  }

  get #isAsTold(): boolean {
    const [told, mode] = [this.#told, this.#mode]
    if (told === undefined) return true
    if (told.role === 'standby') return mode.name === 'standby'
    return mode.name === 'active' && mode.reign.epoch === told.epoch
  }

  async #changeUntilAsTold(): Promise<void> {
    while (this.#isStarted && !this.#isAsTold && this.#told !== undefined) {
      const told = this.#told
      try {
        this.#endReign(whyNot(told))
        this.#mode = { name: 'not told' }
        if (told.role === 'active') await this.#lead(told)
        else await this.#followOther(told)
        this.#saidError = undefined
      } catch (error) {
        this.#say(told, error)
        await this.#parts.clock.sleep(retryMs, this.#stopping.signal).catch(() => {})
      }
    }
  }

  /** What has come is done first, then things happen here; the gate opens last. */
  async #lead({ epoch, insync }: ToldRole & { role: 'active' }): Promise<void> {
    const { store, gate, clock, log } = this.#parts
    this.#sender.deactivate('another epoch has begun')
    await this.#receiver.stop()
    await store.twin.lead(epoch)
    const inSync = insync.includes(this.#other)
    const reign = new Reign(epoch, { acknowledger: this.#makeAcknowledger(inSync), gate, clock })
    this.#mode = { name: 'active', reign }
    this.#sender.activate(
      epoch,
      reign.events((isEqual) => this.#compared(isEqual)),
    )
    log.info({ epoch, seq: store.twin.tip.seq, inSync }, 'user data is stored on this node')
    this.#renew()
  }

  /** Nobody waits any more; then nothing happens here any more, and what happens there is done here. */
  async #followOther({ epoch }: ToldRole): Promise<void> {
    this.#sender.deactivate('this node is not active any more')
    await this.#parts.store.twin.standBy()
    this.#mode = { name: 'standby', epoch }
    this.#alarms.quiet()
    this.#receiver.start(epoch)
  }

  #makeAcknowledger(inSync: boolean): Acknowledger {
    const { store } = this.#parts
    const { durability: mode, replicateMs } = this.#settings.pair
    const start = { inSync, tip: store.twin.tip.seq }
    const acknowledger: Acknowledger = new Acknowledger({ mode, replicateMs }, start, {
      ...this.#parts,
      askAgent: insyncQuestion(this.#other, this.#parts),
      onAlone: () => this.#alarms.alone(),
      onChanged: () => this.#alarms.watch(acknowledger.view),
    })
    if (!inSync) this.#alarms.alone()
    this.#alarms.watch(acknowledger.view)
    return acknowledger
  }

  #compared(isEqual: boolean, files?: number): void {
    const { clock, log } = this.#parts
    const at = clock.wallTime().toISOString()
    this.#lastCompare = { at, isEqual, ...(files !== undefined && { files }) }
    if (isEqual) return this.#alarms.compared(true)
    log.error({ node: this.#other }, 'user data of both nodes differs')
    if (this.#mode.name !== 'standby') return
    if (clock.now() - this.#resyncedAt < resyncEveryMs) return this.#alarms.stillDiffers()
    this.#resyncedAt = clock.now()
    this.#receiver.resync({ why: 'what stands is not the same on both nodes', overDrift: false })
  }

  /** The same failure once: it is tried again and again. */
  #say({ role }: ToldRole, error: unknown): void {
    if (String(error) === this.#saidError) return
    this.#saidError = String(error)
    this.#parts.log.error({ role, err: error }, 'user data not ready for this role')
  }
}

const whyNot = (told: ToldRole): string =>
  told.role === 'standby'
    ? `${told.active ?? 'no node'} is the active one, and this node is on standby`
    : 'this node has just become the active one'
