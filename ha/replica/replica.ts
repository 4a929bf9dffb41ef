import type { Alarms } from '../../lib/base/alarms.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Config } from '../../lib/base/config.ts'
import { makePacer } from './pacer.ts'
import { Receiver } from './receiver.ts'
import { otherNode, type ReplicaStatus, type ReplicaView, type ToldRole } from './role.ts'
import { Sender, type ReplicaKeys } from './sender.ts'
import { statusOf, viewOf } from './status.ts'
import { Succession, type SuccessionParts } from './succession.ts'
import { SyncAlarms } from './sync-alarms.ts'
import { Upkeep, type ScrubReport } from './upkeep.ts'

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

/** The gate is the same that the store was given. */
export interface ReplicaParts extends Pick<SuccessionParts, 'store' | 'gate' | 'askAgent' | 'clock' | 'log'> {
  alarms: Alarms
  random?: () => number
}

/** Two nodes that still differ after they were made equal are a riddle, for which once an hour is enough. */
const resyncEveryMs = 3_600_000

/** Keeps users' data on both nodes: on the active one nothing is acknowledged before the other has it. */
export class Replica implements Component {
  readonly name = 'replica'
  readonly #parts: ReplicaParts
  /** Name of the other node. */
  readonly #other: string
  readonly #sender: Sender
  readonly #receiver: Receiver
  readonly #succession: Succession
  readonly #upkeep: Upkeep
  readonly #syncAlarms: SyncAlarms
  readonly #stopping = new AbortController()
  #looking: Promise<void> = Promise.resolve()
  #lastCompare: ReplicaStatus['lastCompare']
  #resyncedAt = -Infinity

  /** @throws Error when the settings do not name both nodes */
  constructor({ pair, node, keys }: ReplicaSettings, parts: ReplicaParts) {
    const { me, other } = otherNode(pair.nodes, node)
    const { replicaPort: port, durability: mode, replicateMs } = pair
    this.#parts = parts
    this.#other = other.name
    const { random = Math.random } = parts
    const pace = makePacer(pair.mirrorMbitPerSecond, parts.clock, this.#stopping.signal)
    const common = { ...parts, twin: parts.store.twin, pace }
    const onCompared = (isEqual: boolean, files?: number) => this.#compared(isEqual, files)
    const sender = new Sender({ address: me.address, port, other: other.name, keys }, common)
    const receiver = new Receiver({ node, other, port, keys }, { ...common, onCompared })
    const syncAlarms = new SyncAlarms({ other: other.name, mode }, parts)
    const succeeding = { ...parts, sender, receiver, syncAlarms, onCompared }
    this.#succession = new Succession(other.name, { mode, replicateMs }, succeeding)
    this.#upkeep = new Upkeep({ ...common, random, exchange: () => this.#exchange })
    this.#sender = sender
    this.#receiver = receiver
    this.#syncAlarms = syncAlarms
  }

  /** To be started after the store. */
  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#sender.start()
    this.#looking = this.#upkeep.keepLooking(this.#stopping.signal).catch(fail)
    this.#succession.start()
  }

  /** To be stopped before the store, so that nobody waits any more for an acknowledgement. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#succession.stop()
    await Promise.all([this.#sender.stop(), this.#receiver.stop(), this.#looking])
    this.#syncAlarms.quiet()
  }

  /** What the agent says: with every renewal, and whenever it changes. */
  setRole(told: ToldRole): ReplicaView {
    this.#succession.tell(told)
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
    if (this.#succession.mode.name !== 'standby')
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

  get #exchange() {
    const isActive = this.#succession.mode.name === 'active'
    return isActive ? this.#sender.sending?.exchange : this.#receiver.receiving?.exchange
  }

  #inside() {
    const [{ store }, other, { mode }] = [this.#parts, this.#other, this.#succession]
    const [sender, receiver, upkeep] = [this.#sender, this.#receiver, this.#upkeep]
    return { mode, other, store, sender, receiver, upkeep, lastCompare: this.#lastCompare }
  }

  #compared(isEqual: boolean, files?: number): void {
    const { clock, log } = this.#parts
    const at = clock.wallTime().toISOString()
    this.#lastCompare = { at, isEqual, ...(files !== undefined && { files }) }
    if (isEqual) return this.#syncAlarms.equalAgain()
    log.error({ node: this.#other }, 'user data of both nodes differs')
    if (this.#succession.mode.name !== 'standby') return
    if (clock.now() - this.#resyncedAt < resyncEveryMs) return this.#syncAlarms.stillDiffers()
    this.#resyncedAt = clock.now()
    this.#receiver.resync({ why: 'what stands is not the same on both nodes', overDrift: false })
  }
}
