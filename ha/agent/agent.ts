import { randomBytes } from 'node:crypto'
import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Log } from '../../lib/base/log.ts'
import { begin, step } from '../role/role.ts'
import type { Campaign, Effect, Event, Message, Role, State } from '../role/state.ts'
import type { Timing } from '../role/timing.ts'
import type { Link } from '../link/link.ts'
import type { Message as LinkMessage } from '../link/messages.ts'
import type { Vip } from '../vip/vip.ts'
import type { Claimed, Claims } from './claims.ts'
import type { Events } from './events.ts'
import type { FileserverLink } from './fileserver.ts'
import type { Lease } from './lease.ts'
import { Performer } from './performer.ts'
import { epochOf } from './status.ts'

export interface AgentParts {
  clock: Clock
  log: Log
  claims: Claims
  lease: Lease
  vip: Pick<Vip, 'acquire' | 'renew' | 'release'>
  link: Pick<Link, 'send' | 'onMessage'>
  fileserver: FileserverLink
  events: Events
  /** Each answer of etcd is looked at before it is believed. @returns why this node must not act */
  check: (claimed: Claimed) => string | undefined
  onRole: (role: Role, why: string) => void
}

export interface AgentSettings {
  me: string
  other: string
  timing: Timing
}

const tickMs = 25
const insyncTries = 3
/** A datagram may be lost; this one saves the standby from waiting. */
const releaseTimes = [0, 30, 120]

/** Feeds the protocol with what happens, and performs what it says. */
export class Agent implements Component {
  readonly name = 'pair agent'
  readonly #settings: AgentSettings
  readonly #parts: AgentParts
  readonly #performer: Performer
  readonly #stopping = new AbortController()
  #state: State
  #ticking: Promise<void> = Promise.resolve()
  #looking = false
  /** The reign for which the address was last taken. */
  #takenEpoch = 0
  #forget: () => void = () => {}

  constructor(settings: AgentSettings, parts: AgentParts) {
    this.#settings = settings
    this.#parts = parts
    this.#performer = new Performer((effect) => this.#perform(effect), parts.log)
    this.#state = begin(settings.me, settings.other, parts.clock.now())
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
    this.#ticking = this.#keepTicking(this.#stopping.signal).catch(fail)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#ticking
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

  /**
   * Another set of nodes has everything. Each try rests on what the one before has read.
   * @returns the set; undefined when the reign is over. @throws EtcdUnavailable: nobody knows
   */
  async changeInsync(change: (nodes: readonly string[]) => string[]): Promise<readonly string[] | undefined> {
    for (let tries = 0; tries < insyncTries; tries += 1) {
      const { role, record } = this.#state
      if (role.name !== 'active') return undefined
      const nodes = change(record?.insync?.nodes ?? [])
      const claimed = await this.#parts.claims.setInsync(role.nonce, record?.insync?.revision ?? 0, nodes)
      this.#believe(claimed, (now) => ({ type: 'looked', record: now.record }))
      if (claimed.outcome === 'confirmed') return nodes
    }
    throw new Error('the in-sync set kept changing')
  }

  async #keepTicking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.happen({ type: 'tick' })
      await this.#parts.clock.sleep(tickMs, signal).catch(() => {})
    }
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
        return this.#look()
      case 'take':
        return void this.#take(effect.campaign)
      case 'renew':
        return void this.#renew(effect.nonce, effect.n)
      case 'send':
        return void link.send(effect.message)
      case 'take VIP':
        return void this.#takeAddress(effect.epoch, effect.notAfterMs)
      case 'keep VIP':
        return void this.#keepAddress(effect.notAfterMs)
      case 'open gate':
      case 'drain':
        return this.#openGate(effect)
      case 'close gate':
        return this.#parts.fileserver.close(this.#standby())
      case 'drop VIP':
        return this.#dropAddress()
      case 'release':
        return this.#release(effect)
    }
  }

  #look(): void {
    if (this.#looking) return
    this.#looking = true
    const { claims, log } = this.#parts
    void claims
      .look()
      .then((claimed) => this.#believe(claimed, ({ record }) => ({ type: 'looked', record })))
      .catch((err: unknown) => log.debug({ err }, 'etcd not read'))
      .finally(() => (this.#looking = false))
  }

  async #take(campaign: Campaign): Promise<void> {
    const { claims, lease, clock, log } = this.#parts
    try {
      const claimed = await claims.take(campaign, await lease.current(), clock.wallTime())
      const outcome = claimed.outcome === 'confirmed' ? 'done' : 'refused'
      this.#believe(claimed, ({ record }) => ({ type: 'took', outcome, record }))
    } catch (err) {
      log.debug({ err }, 'role asked for, no answer')
      this.happen({ type: 'took', outcome: 'unknown' })
    }
  }

  async #renew(nonce: string, n: number): Promise<void> {
    const { claims, lease, clock, log } = this.#parts
    const sentMs = clock.now()
    try {
      const claimed = await claims.renew(nonce, n, lease.held)
      const { outcome } = claimed
      this.#believe(claimed, ({ record }) => ({ type: 'renewed', sentMs, outcome, record }))
    } catch (err) {
      lease.doubt()
      log.debug({ err }, 'renewal without an answer')
      this.happen({ type: 'renewed', sentMs, outcome: 'unknown' })
    }
  }

  #believe(claimed: Claimed, event: (claimed: Claimed) => Event): void {
    const refuse = this.#parts.check(claimed)
    this.happen(refuse === undefined ? event(claimed) : { type: 'refuse', why: refuse })
  }

  /** The kernel counts the address's lifetime from now: on consent that has grown old it must not begin. */
  async #takeAddress(epoch: number, notAfterMs: number): Promise<void> {
    if (this.#parts.clock.now() > notAfterMs) return // the next renewal takes it
    this.#takenEpoch = epoch
    const outcome = await this.#parts.vip.acquire(epoch)
    const { role } = this.#state
    // One that a release has overtaken is no failure.
    if (!outcome.ok && role.name === 'active' && role.epoch === epoch)
      this.happen({ type: 'cannot serve', why: outcome.why })
  }

  async #keepAddress(notAfterMs: number): Promise<void> {
    const { role } = this.#state
    if (role.name !== 'active') return
    if (this.#takenEpoch !== role.epoch) return this.#takeAddress(role.epoch, notAfterMs)
    if (this.#parts.clock.now() <= notAfterMs) await this.#parts.vip.renew()
  }

  /** What could not be removed ends by the kernel; until then nobody must be invited to take over. */
  async #dropAddress(): Promise<void> {
    const { vip, events, clock } = this.#parts
    const outcome = await vip.release()
    if (outcome.ok) return
    events.add('trouble', this.epoch, `the floating address could not be removed: ${outcome.why}`)
    await clock.sleep(this.#settings.timing.lifetimeMs + 250)
  }

  #openGate(effect: Effect & { do: 'open gate' | 'drain' }): void {
    const { role, record } = this.#state
    if (role.name !== 'active') return
    const { fileserver } = this.#parts
    const untilMs = role.okMs + this.#settings.timing.deadlineMs
    const draining = role.leaving !== undefined
    fileserver.tell({
      role: 'active',
      epoch: role.epoch,
      untilMs,
      insync: record?.insync?.nodes ?? [],
      draining,
    })
    if (effect.do === 'drain')
      void fileserver
        .drained(effect.untilMs - this.#parts.clock.now())
        .then(() => this.happen({ type: 'drained' }))
  }

  /** The datagram comes after the record, so that the standby asks for the role when it can have it. */
  async #release(effect: Effect & { do: 'release' }): Promise<void> {
    const { claims, link, clock, log } = this.#parts
    const { epoch } = effect
    try {
      const claimed = await claims.release(effect)
      this.#believe(claimed, ({ record }) => ({ type: 'looked', record }))
    } catch (err) {
      log.debug({ err }, 'release without an answer')
    }
    for (const ms of releaseTimes) clock.after(ms, () => void link.send({ type: 'RELEASE', epoch }))
  }

  #tellStandby(): void {
    this.#parts.fileserver.tell(this.#standby())
  }

  #standby() {
    const { record } = this.#state
    const { leader, insync } = record ?? {}
    const active = leader?.phase === 'active' && leader.node !== this.#settings.me ? leader.node : undefined
    return { role: 'standby', epoch: this.epoch, active, insync: insync?.nodes ?? [] } as const
  }
}

/** The others are not for the protocol. */
const isOfTheProtocol = (message: LinkMessage): message is Message =>
  message.type === 'HOLD' ||
  message.type === 'PROMISE' ||
  message.type === 'FENCE' ||
  message.type === 'RELEASE'
