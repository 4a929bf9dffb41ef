import type { Alarms } from '../base/alarms.ts'
import type { Clock } from '../base/clock.ts'
import type { Component } from '../base/component.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { printable } from '../base/printable.ts'
import type { FamilyRow } from '../base/settings/snmp.ts'
import { ExtensionAlarms } from './extension-alarms.ts'
import { candidates, familiesWith, objectsOf, readPhone, sysObjectId } from './families.ts'
import { Unidentified, type Phone, type PhoneDirectory } from './phone.ts'
import type { Ask } from './snmp.ts'

/** What came of asking a phone: who it is, or why it is nobody. */
export type Outcome = { is: 'phone'; phone: Phone } | { is: 'refused'; why: string }

/** The last outcome of an address, for people. */
export interface Identification {
  address: string
  at: Date
  outcome: Outcome
  /** It still holds: the phone is not asked again yet. */
  holds: boolean
}

export interface DirectoryParts {
  ask: Ask
  clock: Clock
  log: Log
  alarms: Pick<Alarms, 'raise' | 'clear'>
}

/** More than any file server has phones at a time; then the oldest outcome goes. */
const mostRemembered = 10_000
/** Each has a socket. */
const mostUnderWay = 1_000

/** Knows phones by asking them over SNMP; what one said is believed for a while. */
export class SnmpDirectory implements PhoneDirectory, Component {
  readonly name = 'phones'
  readonly #settings: Config['snmp']
  readonly #parts: DirectoryParts
  readonly #families: readonly FamilyRow[]
  readonly #alarms: ExtensionAlarms
  /** By address, the latest last. */
  readonly #remembered = new Map<string, { at: Date; outcome: Outcome; until: number }>()
  readonly #underWay = new Map<string, { phone: Promise<Phone>; giveUp: AbortController }>()
  #stopped = false

  constructor(settings: Config['snmp'], parts: DirectoryParts) {
    this.#settings = settings
    this.#parts = parts
    this.#families = familiesWith(settings.families)
    this.#alarms = new ExtensionAlarms(parts)
  }

  async start(): Promise<void> {
    const { version, community } = this.#settings
    if (version === 'v3' || community !== 'public') return
    const fix = 'choose one that nobody guesses, for SNMPSTRING of the phones and for snmp.community'
    this.#parts.log.warn({ version, fix }, 'SNMP community is public')
  }

  /** Gives up what is being asked: nobody will be there to serve the phone. */
  async stop(): Promise<void> {
    this.#stopped = true
    const underWay = [...this.#underWay.values()]
    for (const { giveUp } of underWay) giveUp.abort(new Unidentified('the server is stopping'))
    await Promise.allSettled(underWay.map(({ phone }) => phone))
  }

  async identify(address: string, from: string): Promise<Phone> {
    const remembered = this.#remembered.get(address)
    if (remembered !== undefined && this.#parts.clock.now() < remembered.until)
      return phoneOf(remembered.outcome)
    const underWay = this.#underWay.get(address)
    return underWay === undefined ? this.#begin(address, from) : underWay.phone
  }

  /** Who was asked and what came of it, the latest first. */
  recent(): Identification[] {
    const now = this.#parts.clock.now()
    return [...this.#remembered]
      .map(([address, { at, outcome, until }]) => ({ address, at, outcome, holds: now < until }))
      .toReversed()
  }

  /** The phone there is asked anew next time, and its alarm is over. */
  forget(address: string): void {
    this.#remembered.delete(address)
    this.#alarms.clear(address)
  }

  #begin(address: string, from: string): Promise<Phone> {
    if (this.#stopped) throw new Unidentified('the server is stopping')
    if (this.#underWay.size >= mostUnderWay) {
      throw new Unidentified(
        `${mostUnderWay} phones are being asked who they are at this moment; the one at ${address} has to come again`,
      )
    }
    const giveUp = new AbortController()
    const phone = this.#identifyWithin(address, from, giveUp).finally(() => this.#underWay.delete(address))
    this.#underWay.set(address, { phone, giveUp })
    return phone
  }

  /** A phone that answers each question at the last moment must not be able to take all of them to do so. */
  async #identifyWithin(address: string, from: string, giveUp: AbortController): Promise<Phone> {
    const { clock } = this.#parts
    const { timeoutMs, retries } = this.#settings
    const limitMs = 3 * timeoutMs * (retries + 1)
    const cancel = clock.after(limitMs, () =>
      giveUp.abort(
        new Unidentified(`the phone at ${address} did not tell all of itself within ${limitMs} ms`),
      ),
    )
    try {
      const outcome = await this.#find(address, from, giveUp.signal)
      this.#learn(address, outcome)
      return phoneOf(outcome)
    } finally {
      cancel()
    }
  }

  async #find(address: string, from: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const reading = await this.#ask(address, from, signal)
      if (reading.is === 'phone') {
        this.#alarms.clear(address)
        return reading
      }
      const why = `the phone at ${address} ${reading.why}`
      this.#alarms.raise(address, why)
      return { is: 'refused', why }
    } catch (error) {
      if (!(error instanceof Unidentified)) throw error
      return { is: 'refused', why: error.message }
    }
  }

  async #ask(address: string, from: string, signal: AbortSignal) {
    const { ask } = this.#parts
    const identifier = (await ask(address, from, [sysObjectId], signal)).get(sysObjectId)
    for (const row of candidates(this.#families, identifier)) {
      const reading = readPhone(row, await ask(address, from, objectsOf(row), signal))
      if (reading.is !== 'other') return reading
    }
    const itself =
      typeof identifier === 'string' ? `sysObjectID ${printable(identifier, 80)}` : 'no sysObjectID'
    throw new Unidentified(
      `the phone at ${address} answered, but has the extension of no known family (${itself}); add its family to snmp.families`,
    )
  }

  #learn(address: string, outcome: Outcome): void {
    const { clock, log } = this.#parts
    const { rememberSeconds, rememberRefusalSeconds } = this.#settings
    const seconds = outcome.is === 'phone' ? rememberSeconds : rememberRefusalSeconds
    this.#remembered.delete(address)
    this.#remembered.set(address, { at: clock.wallTime(), outcome, until: clock.now() + seconds * 1_000 })
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined && this.#remembered.size > mostRemembered) this.#remembered.delete(oldest)
    if (outcome.is === 'phone') log.info({ address, ...outcome.phone }, 'phone identified')
    else log.warn({ address, why: outcome.why }, 'phone not identified')
  }
}

function phoneOf(outcome: Outcome): Phone {
  if (outcome.is === 'phone') return outcome.phone
  throw new Unidentified(outcome.why)
}
