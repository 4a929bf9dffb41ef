import type { Alarms } from '../../lib/base/alarms.ts'
import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Config } from '../../lib/base/config.ts'
import type { Log } from '../../lib/base/log.ts'
import type { Rescued } from '../../lib/users/twin/rescue.ts'
import type { FileRecord, Origin, UserStore } from '../../lib/users/store/user-store.ts'
import { bytesPerSecond, TokenBucket } from '../mirror/wire/token-bucket.ts'
import { Acknowledger } from './acknowledger.ts'
import type { Answer, Operation } from './durability.ts'
import type { Gate } from './gate.ts'
import { Receiver } from './receiver.ts'
import type { ReplicaStatus, ReplicaView, ToldRole } from './role.ts'
import { Sender, type ReplicaKeys } from './sender.ts'
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

/** What the agent answered; whoever cannot reach it throws. */
export interface AgentAnswer {
  status: number
}

export interface ReplicaParts {
  store: UserStore
  /** The same that the store was given. */
  gate: Gate
  askAgent: (path: '/insync', body: { op: Operation; node: string; why: string }) => Promise<AgentAnswer>
  clock: Clock
  log: Log
  alarms: Alarms
  random?: () => number
}

type Mode =
  | { name: 'not told' }
  | { name: 'active'; epoch: number; acknowledger: Acknowledger }
  | { name: 'standby'; epoch: number }

/** How long the agent may take, before its answer counts as unknown. */
const agentMs = 1_500
const outOfSyncMs = 10_000
const nothingToCancel = () => {}
/** A change of role that failed is tried again after this. */
const retryMs = 500
const aloneAlarm = 'user data on one node'
const outOfSyncAlarm = 'other node'
const rootsAlarm = 'user data of both nodes'
/** Two nodes that still differ after they were made equal are a riddle, for which once an hour is enough. */
const resyncEveryMs = 3_600_000

/** Keeps users' data on both nodes: on the active one nothing is acknowledged before the other has it. */
export class Replica implements Component {
  readonly name = 'replica'
  readonly #settings: ReplicaSettings
  readonly #parts: ReplicaParts
  readonly #other: { name: string; address: string }
  readonly #sender: Sender
  readonly #receiver: Receiver
  readonly #upkeep: Upkeep
  readonly #stopping = new AbortController()
  #mode: Mode = { name: 'not told' }
  #told: ToldRole | undefined
  #changing: Promise<void> | undefined
  #looking: Promise<void> = Promise.resolve()
  #isStarted = false
  #lastCompare: ReplicaStatus['lastCompare']
  #resyncedAt = -Infinity
  #closedAt = -Infinity
  #cancelOutOfSync: () => void = nothingToCancel
  #saidError: string | undefined

  /** @throws Error when the settings do not name both nodes */
  constructor(settings: ReplicaSettings, parts: ReplicaParts) {
    this.#settings = settings
    this.#parts = parts
    const { pair, node, keys } = settings
    const me = pair.nodes.find(({ name }) => name === node)
    const other = pair.nodes.find(({ name }) => name !== node)
    if (me === undefined || other === undefined)
      throw new Error(
        `pair.nodes: names this node, ${node}, and another one; it names ${namesOf(pair.nodes)}`,
      )
    this.#other = other
    const { twin } = parts.store
    const common = { ...parts, twin, pace: this.#pacer() }
    const port = pair.replicaPort
    this.#sender = new Sender({ address: me.address, port, other: other.name, keys }, common)
    const onCompared = (isEqual: boolean, files?: number) => this.#compared(isEqual, files)
    this.#receiver = new Receiver({ node, other, port, keys }, { ...common, onCompared })
    const { random = Math.random } = parts
    this.#upkeep = new Upkeep({ ...common, random, exchange: () => this.#exchange })
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
    this.#closeGate('this node is stopped')
    this.#cancelOutOfSync()
    await this.#changing
    await Promise.all([this.#sender.stop(), this.#receiver.stop(), this.#looking])
  }

  /** What the agent says: with every renewal, and whenever it changes. */
  setRole(told: ToldRole): ReplicaView {
    this.#told = told
    const mode = this.#mode
    if (told.role === 'active' && mode.name === 'active' && mode.epoch === told.epoch) this.#renew(told)
    else if (mode.name === 'active') this.#closeGate(whyNot(told))
    this.#change()
    return this.view()
  }

  view(): ReplicaView {
    const { store, alarms } = this.#parts
    return {
      seq: store.twin.tip.seq,
      reign: store.twin.epoch ?? 0,
      synced: this.#isSynced,
      rescued: store.twin.rescuedCount,
      drift: store.twin.drift().length,
      pending: store.pending,
      faults: [
        ...(store.twin.broken === undefined ? [] : [store.twin.broken.message]),
        ...(store.twin.isDamaged ? ['the journal of user data was damaged'] : []),
        ...(this.#upkeep.damaged.length > 0 ? [`${this.#upkeep.damaged.length} damaged files`] : []),
        ...alarms.list().flatMap(({ subject, text }) => (subject === rootsAlarm ? [text] : [])),
      ],
    }
  }

  status(): ReplicaStatus {
    const { twin } = this.#parts.store
    const { name } = this.#other
    const { progress, why, receiving } = this.#receiver
    const ack = this.#mode.name === 'active' ? this.#mode.acknowledger.view : undefined
    const connected = this.#sender.sending?.isFollowing === true || receiving?.isFollowing === true
    return {
      mode: this.#mode.name,
      epoch: this.#mode.name === 'not told' ? 0 : this.#mode.epoch,
      tip: twin.tip,
      other: {
        ...{ name, connected, synced: this.#isSynced },
        ...(ack && { membership: ack.member, acked: ack.acked, lagRecords: twin.tip.seq - ack.acked }),
        ...(this.#mode.name === 'standby' && why !== undefined && { why }),
      },
      ...(progress && { reseed: { ...progress } }),
      drift: twin.drift(),
      rescued: twin.rescuedCount,
      ...(this.#lastCompare && { lastCompare: this.#lastCompare }),
      ...(this.#upkeep.lastScrub && { lastScrub: this.#upkeep.lastScrub }),
      damaged: this.#upkeep.damaged.map((each) => ({ name: each.name, seq: each.seq })),
    }
  }

  /** Resolves once nothing is being saved any more, or `signal` aborts. */
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

  get #isSynced(): boolean {
    return this.#mode.name === 'active' && this.#mode.acknowledger.view.isSynced
  }

  get #exchange() {
    return this.#mode.name === 'active' ? this.#sender.sending?.exchange : this.#receiver.receiving?.exchange
  }

  #renew(told: ToldRole & { role: 'active' }): void {
    const mode = this.#mode
    if (mode.name !== 'active') return
    const { acknowledger } = mode
    if (acknowledger.view.member === 'closed') return this.#reopen()
    const { untilMs, draining } = told
    this.#parts.gate.open({ untilMs, draining, replicate: (seq) => acknowledger.replicate(seq) })
  }

  /** The agent denied that this node is active, and now says again and again that it is. */
  #reopen(): void {
    const now = this.#parts.clock.now()
    if (this.#closedAt === -Infinity) this.#closedAt = now
    this.#parts.gate.close('the agent has denied that this node is the active one')
    if (now - this.#closedAt < 2 * retryMs) return
    this.#closedAt = -Infinity
    this.#mode = { name: 'not told' }
  }

  /** At once, whatever else is going on: nothing is acknowledged from here on. */
  #closeGate(why: string): void {
    this.#parts.gate.close(why)
    if (this.#mode.name === 'active') this.#mode.acknowledger.close()
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
    return mode.name === 'active' && mode.epoch === told.epoch
  }

  async #changeUntilAsTold(): Promise<void> {
    const { clock, log } = this.#parts
    while (this.#isStarted && !this.#isAsTold && this.#told !== undefined) {
      const told = this.#told
      try {
        if (told.role === 'active') await this.#lead(told)
        else await this.#followOther(told)
        this.#saidError = undefined
      } catch (err) {
        if (String(err) !== this.#saidError)
          log.error({ role: told.role, err }, 'user data not ready for this role')
        this.#saidError = String(err)
        await clock.sleep(retryMs, this.#stopping.signal).catch(() => {})
      }
    }
  }

  /** What has come is done first, then things happen here; the gate opens last. */
  async #lead({ epoch, insync }: ToldRole & { role: 'active' }): Promise<void> {
    const { store, log } = this.#parts
    this.#closeGate('this node has just become the active one')
    this.#mode = { name: 'not told' }
    this.#sender.deactivate('another epoch has begun')
    await this.#receiver.stop()
    await store.twin.lead(epoch)
    const inSync = insync.includes(this.#other.name)
    const acknowledger = this.#makeAcknowledger(inSync)
    this.#mode = { name: 'active', epoch, acknowledger }
    this.#sender.activate(epoch, {
      onFollows: (tip) => acknowledger.follows(tip),
      onSeeding: () => acknowledger.mustBeSeeded(),
      onStored: (seq) => acknowledger.stored(seq),
      onCompared: (isEqual) => this.#compared(isEqual),
      onClosed: () => acknowledger.lost(),
    })
    log.info({ epoch, seq: store.twin.tip.seq, inSync }, 'user data is stored on this node')
    if (this.#told?.role === 'active' && this.#told.epoch === epoch) this.#renew(this.#told)
  }

  /** The gate is closed and nobody waits; then nothing happens here any more, and what happens there is done here. */
  async #followOther(told: ToldRole & { role: 'standby' }): Promise<void> {
    const { store, alarms } = this.#parts
    this.#closeGate(whyNot(told))
    this.#sender.deactivate('this node is not active any more')
    this.#mode = { name: 'not told' }
    await store.twin.standBy()
    this.#mode = { name: 'standby', epoch: told.epoch }
    for (const subject of [aloneAlarm, outOfSyncAlarm]) alarms.clear(subject)
    this.#cancelOutOfSync()
    this.#receiver.start(told.epoch)
  }

  #makeAcknowledger(inSync: boolean): Acknowledger {
    const { clock, log, store } = this.#parts
    const { durability: mode, replicateMs } = this.#settings.pair
    const acknowledger: Acknowledger = new Acknowledger(
      { mode, replicateMs },
      { inSync, tip: store.twin.tip.seq },
      {
        clock,
        log,
        askAgent: (op, why) => this.#askAgent(op, why),
        onAlone: () => this.#alarmAlone(),
        onChanged: () => this.#watchSync(acknowledger),
      },
    )
    if (!inSync) this.#alarmAlone()
    this.#watchSync(acknowledger)
    return acknowledger
  }

  /** A standby that is away for a moment is none of a person's business. */
  #watchSync(acknowledger: Acknowledger): void {
    const { alarms, clock } = this.#parts
    const isWaited = this.#cancelOutOfSync !== nothingToCancel
    if (acknowledger.view.isSynced || acknowledger.view.member === 'closed') {
      this.#cancelOutOfSync()
      this.#cancelOutOfSync = nothingToCancel
    }
    if (acknowledger.view.isSynced) for (const subject of [aloneAlarm, outOfSyncAlarm]) alarms.clear(subject)
    else if (!isWaited && acknowledger.view.member !== 'closed')
      this.#cancelOutOfSync = clock.after(outOfSyncMs, () =>
        alarms.raise(outOfSyncAlarm, `${this.#other.name} does not follow this node; look at it`),
      )
  }

  #alarmAlone(): void {
    const { name } = this.#other
    const text =
      this.#settings.pair.durability === 'strict'
        ? `${name} does not have what phones saved, so nothing more is stored; look at it, or set pair.durability`
        : `${name} does not have what phones saved: it is on this node alone; look at ${name}`
    this.#parts.alarms.raise(aloneAlarm, text)
  }

  async #askAgent(op: Operation, why: string): Promise<Answer> {
    const { askAgent, clock } = this.#parts
    const late = Promise.withResolvers<AgentAnswer>()
    const cancel = clock.after(agentMs, () => late.resolve({ status: 504 }))
    try {
      const asked = askAgent('/insync', { op, node: this.#other.name, why })
      const { status } = await Promise.race([asked, late.promise])
      return status === 200 ? 'yes' : status === 409 ? 'no' : 'unknown'
    } finally {
      cancel()
    }
  }

  #compared(isEqual: boolean, files?: number): void {
    const { clock, log, alarms } = this.#parts
    const at = clock.wallTime().toISOString()
    this.#lastCompare = { at, isEqual, ...(files !== undefined && { files }) }
    if (isEqual) return alarms.clear(rootsAlarm)
    log.error({ node: this.#other.name }, 'user data of both nodes differs')
    if (this.#mode.name !== 'standby') return
    if (clock.now() - this.#resyncedAt < resyncEveryMs)
      return alarms.raise(rootsAlarm, 'they differ, and making them equal did not help; see the log')
    this.#resyncedAt = clock.now()
    this.#receiver.resync({ why: 'what stands is not the same on both nodes', overDrift: false })
  }

  /** For contents that are fetched; what happens now is never held up. */
  #pacer(): (bytes: number) => Promise<void> {
    const { clock } = this.#parts
    const bucket = new TokenBucket(bytesPerSecond(this.#settings.pair.mirrorMbitPerSecond), clock.now())
    return async (bytes) => {
      const waitMs = bucket.take(bytes, clock.now())
      if (waitMs > 0) await clock.sleep(waitMs, this.#stopping.signal).catch(() => {})
    }
  }
}

const namesOf = (nodes: readonly { name: string }[]) => nodes.map(({ name }) => name).join(', ') || 'none'

const whyNot = (told: ToldRole): string =>
  told.role === 'standby'
    ? `${told.active ?? 'no node'} is the active one, and this node is on standby`
    : 'this node has just become the active one'
