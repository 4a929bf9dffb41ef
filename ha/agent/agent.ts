import { randomBytes } from 'node:crypto'
import type { Component } from '../../lib/base/component.ts'
import { Periodic } from '../../lib/base/periodic.ts'
import { begin, step } from '../role/role.ts'
import type { Effect, Event, Message, Role, State } from '../role/state.ts'
import type { Timing } from '../role/timing.ts'
import type { Link } from '../link/link.ts'
import type { Message as LinkMessage } from '../link/messages.ts'
import { Address, type AddressParts } from './address.ts'
import { Asking, type AskingParts } from './asking.ts'
import type { Events } from './events.ts'
import type { FileserverLink } from './fileserver.ts'
import { Performer } from './performer.ts'
import { epochOf } from './status.ts'
import { activeRole, standbyRole } from './told-role.ts'

export interface AgentParts extends AskingParts, AddressParts {
  link: Pick<Link, 'send' | 'onMessage'>
  fileserver: FileserverLink
  events: Events
  onRole: (role: Role, why: string) => void
}

export interface AgentSettings {
  me: string
  other: string
  timing: Timing
}

const tickMs = 25
/** A datagram may be lost; this one saves the standby from waiting. */
const releaseTimes = [0, 30, 120]

/** Feeds the protocol with what happens, and performs what it says. */
export class Agent implements Component {
  readonly name = 'pair agent'
  readonly #settings: AgentSettings
  readonly #parts: AgentParts
  readonly #performer: Performer
  readonly #asking: Asking
  readonly #address: Address
  readonly #ticking: Periodic
  #state: State
  #forget: () => void = () => {}

  constructor(settings: AgentSettings, parts: AgentParts) {
    this.#settings = settings
    this.#parts = parts
    this.#asking = new Asking(this, parts)
    this.#address = new Address(this, parts, settings.timing)
    this.#performer = new Performer((effect) => this.#perform(effect), parts.log)
    const { clock } = parts
    this.#ticking = new Periodic(() => this.happen({ type: 'tick' }), { everyMs: tickMs, clock })
    this.#state = begin(settings.me, settings.other, clock.now())
  }

  get state(): State {
    return this.#state
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    const { link, clock, events } = this.#parts
    const { me, other } = this.#settings
    this.#state = begin(me, other, clock.now())
    events.add('note', 0, `${me} starts: watches first whether another node is active`)
    this.#forget = link.onMessage((message) => {
      if (isOfTheProtocol(message)) this.happen({ type: 'heard', message })
    })
    this.#ticking.start(fail)
  }

  async stop(): Promise<void> {
    await this.#ticking.stop()
    this.#forget()
    this.happen({ type: 'stop' })
    await this.#performer.idle()
  }

  get epoch(): number {
    return epochOf(this.#state)
  }

  /** Says the present role to the file server once more: it may have been restarted, and its answer tells how it does. */
  remind(): void {
    if (this.#state.role.name !== 'active') this.#tellStandby()
  }

  happen(event: Event): void {
    const { clock } = this.#parts
    const before = this.#state.role
    const moment = { nowMs: clock.now(), fresh: randomBytes(12).toString('base64url') }
    const { state, effects } = step(this.#state, event, moment, this.#settings.timing)
    this.#state = state
    this.#performer.add(effects)
    if (state.role.name !== before.name) this.#roleChanged(before.name)
  }

  /** @returns the nodes that have everything now; undefined when the reign is over. @throws EtcdUnavailable */
  changeInsync(change: (nodes: readonly string[]) => string[]): Promise<readonly string[] | undefined> {
    return this.#asking.changeInsync(change)
  }

  #roleChanged(before: State['role']['name']): void {
    const { role } = this.#state
    const inside = role.name === 'campaign' || before === 'campaign'
    if (inside && role.name !== 'active') return // it came to nothing
    this.#parts.onRole(role, 'why' in role ? role.why : '')
    if (role.name !== 'active') this.#tellStandby()
  }

  #perform(effect: Effect): Promise<void> | void {
    const { link, events } = this.#parts
    switch (effect.do) {
      case 'say':
        return events.add(effect.weight, this.epoch, effect.sentence)
      case 'look':
        return this.#asking.look()
      case 'take':
        return void this.#asking.take(effect.campaign)
      case 'renew':
        return void this.#asking.renew(effect)
      case 'send':
        return void link.send(effect.message)
      case 'take VIP':
        return void this.#address.take(effect.epoch, effect.notAfterMs)
      case 'keep VIP':
        return void this.#address.keep(effect.notAfterMs)
      case 'open gate':
      case 'drain':
        return this.#openGate(effect)
      case 'close gate':
        return this.#parts.fileserver.close(standbyRole(this.#state))
      case 'drop VIP':
        return this.#address.drop()
      case 'release':
        return this.#release(effect)
    }
  }

  #openGate(effect: Effect & { do: 'open gate' | 'drain' }): void {
    const { role, record } = this.#state
    if (role.name !== 'active') return
    const { fileserver, clock } = this.#parts
    fileserver.tell(activeRole(role, record, this.#settings.timing))
    if (effect.do === 'drain')
      void fileserver.drained(effect.untilMs - clock.now()).then(() => this.happen({ type: 'drained' }))
  }

  /** The datagram comes after the record, so that the standby asks for the role when it can have it. */
  async #release(effect: Effect & { do: 'release' }): Promise<void> {
    const { link, clock } = this.#parts
    const { epoch } = effect
    await this.#asking.release(effect)
    for (const ms of releaseTimes) clock.after(ms, () => void link.send({ type: 'RELEASE', epoch }))
  }

  #tellStandby(): void {
    this.#parts.fileserver.tell(standbyRole(this.#state))
  }
}

/** The others are not for the protocol. */
const isOfTheProtocol = (message: LinkMessage): message is Message =>
  message.type === 'HOLD' ||
  message.type === 'PROMISE' ||
  message.type === 'FENCE' ||
  message.type === 'RELEASE'
