import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { UserStore } from '../../lib/users/store/user-store.ts'
import { Acknowledger } from './acknowledger.ts'
import { insyncQuestion, type AskAgent } from './agent-question.ts'
import type { DurabilityRules } from './durability.ts'
import type { Gate } from './gate.ts'
import type { Receiver } from './receiver.ts'
import { Reign } from './reign.ts'
import type { ToldRole } from './role.ts'
import type { Sender } from './sender.ts'
import type { SyncAlarms } from './sync-alarms.ts'

export interface SuccessionParts {
  store: UserStore
  gate: Gate
  askAgent: AskAgent
  clock: Clock
  log: Log
  sender: Sender
  receiver: Receiver
  syncAlarms: SyncAlarms
  onCompared: (isEqual: boolean) => void
}

export type Mode =
  { name: 'not told' } | { name: 'active'; reign: Reign } | { name: 'standby'; epoch: number }

/** A change of role that failed is tried again after this. */
const retryMs = 500

/** Makes this node what the agent says it is, one change at a time; it stops being active at once. */
export class Succession {
  readonly #other: string
  readonly #rules: DurabilityRules
  readonly #parts: SuccessionParts
  readonly #stopping = new AbortController()
  #mode: Mode = { name: 'not told' }
  #told: ToldRole | undefined
  #changing: Promise<void> | undefined
  #isStarted = false
  #saidError: string | undefined

  /** @param other name of the other node */
  constructor(other: string, rules: DurabilityRules, parts: SuccessionParts) {
    this.#other = other
    this.#rules = rules
    this.#parts = parts
  }

  /** What this node is by now. */
  get mode(): Mode {
    return this.#mode
  }

  start(): void {
    this.#isStarted = true
    this.#change()
  }

  async stop(): Promise<void> {
    this.#isStarted = false
    this.#stopping.abort()
    this.#endReign('this node is stopped')
    await this.#changing
    this.#endReign('this node is stopped') // it may just have become active
  }

  /** What the agent says: with every renewal, and whenever it changes. */
  tell(told: ToldRole): void {
    this.#told = told
    this.#renew()
    this.#change()
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
    if (this.#isAsTold) return this.#parts.receiver.hears(this.#told?.epoch ?? 0)
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
    const { store, gate, clock, log, sender, receiver, onCompared } = this.#parts
    sender.deactivate('another epoch has begun')
    await receiver.stop()
    await store.twin.lead(epoch)
    const inSync = insync.includes(this.#other)
    const reign = new Reign(epoch, { acknowledger: this.#makeAcknowledger(inSync), gate, clock })
    this.#mode = { name: 'active', reign }
    sender.activate(epoch, reign.events(onCompared))
    log.info({ epoch, seq: store.twin.tip.seq, inSync }, 'user data is stored on this node')
    this.#renew()
  }

  /** Nobody waits any more; then nothing happens here any more, and what happens there is done here. */
  async #followOther({ epoch }: ToldRole): Promise<void> {
    const { store, sender, receiver, syncAlarms } = this.#parts
    sender.deactivate('this node is not active any more')
    await store.twin.standBy()
    this.#mode = { name: 'standby', epoch }
    syncAlarms.quiet()
    receiver.start(epoch)
  }

  #makeAcknowledger(inSync: boolean): Acknowledger {
    const { store, syncAlarms } = this.#parts
    const start = { inSync, tip: store.twin.tip.seq }
    const acknowledger: Acknowledger = new Acknowledger(this.#rules, start, {
      ...this.#parts,
      askAgent: insyncQuestion(this.#other, this.#parts),
      onAlone: () => syncAlarms.alone(),
      onChanged: () => syncAlarms.watch(acknowledger.view),
    })
    if (!inSync) syncAlarms.alone()
    syncAlarms.watch(acknowledger.view)
    return acknowledger
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
