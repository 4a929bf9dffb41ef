import type { Alarms } from '../../lib/base/alarms.ts'
import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import type { Log } from '../../lib/base/log.ts'
import type { runHook } from '../../lib/base/run-hook.ts'
import { Announcer } from './announcer.ts'
import { ClaimWatch } from './claim-watch.ts'
import type { Claim } from './claims.ts'
import { VipHook, type OrderOutcome } from './hook.ts'
import { askingNeighbours } from './neighbours.ts'
import type { VipSettings } from './settings.ts'

export interface VipParts {
  clock: Clock
  log: Log
  alarms: Pick<Alarms, 'raise' | 'clear'>
  /** Another machine claims a floating address while this one has it: at most once a second for each address. */
  onDuplicate: (address: string, mac: string) => void
  /** For tests. */
  run?: typeof runHook
  readArpTable?: () => Promise<string>
  chance?: () => number
}

/** How often what is and what should be are compared: after all was well, and after it was not. */
const compareMs = 10_000
const mendMs = 1_000
/** Nobody else has claimed an address for this long: the alarm is over. */
const quietMs = 60_000

const moving = 'floating address: moving it'
const place = 'floating address: where it is'
const duplicate = (address: string) => `floating address ${address}: on another machine, too`

/**
 * The floating addresses on this machine: taken, kept and given up when told, announced while they are here, and put
 * right when they are not where they belong. Nothing is thrown, and no wait is longer than the hook may take.
 */
export class Vip implements Component {
  readonly name = 'floating address'
  readonly #settings: VipSettings
  readonly #parts: VipParts
  readonly #hook: VipHook
  readonly #announcer: Announcer | undefined
  readonly #claims: ClaimWatch | undefined
  readonly #claimedMs = new Map<string, number>()
  readonly #stopping = new AbortController()
  /** The reign in which they belong here; undefined: they belong elsewhere. */
  #epoch: number | undefined
  #lastEpoch = 0
  /** How often they were taken or given up: tells whether that has changed meanwhile. */
  #moves = 0
  /** Nothing of the watch for claims is left. */
  #forgotten: Promise<void> | undefined

  constructor(settings: VipSettings, parts: VipParts) {
    const { clock, log, run, readArpTable, chance = Math.random } = parts
    this.#settings = settings
    this.#parts = parts
    this.#hook = new VipHook(settings, { clock, ...(run && { run }) })
    if (settings.interface === '') return // there are no neighbours to tell
    const ask = askingNeighbours(settings, run)
    this.#announcer = new Announcer({ ask, clock, log, chance })
    const onClaim = (claim: Claim) => this.#claimed(claim)
    this.#claims = new ClaimWatch(settings, {
      ask,
      clock,
      log,
      onClaim,
      ...(readArpTable && { readArpTable }),
    })
  }

  /** What a former life of this node has left is removed before anything else. */
  async start(): Promise<void> {
    await this.removeLeftovers()
    void this.#compareAgainAndAgain(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    if (this.#epoch !== undefined) await this.release()
    await this.#forgotten
  }

  /** Unless they were taken already, in which case they belong here. */
  async removeLeftovers(): Promise<void> {
    if (this.#epoch !== undefined) return
    const outcome = await this.#order(() => this.#hook.release(this.#lastEpoch))
    if (outcome.ok && outcome.output !== '')
      this.#parts.log.warn({ removed: outcome.output.split('\n') }, 'leftover floating address removed')
  }

  /** Takes the addresses for the reign `epoch`, and tells the neighbours. */
  async acquire(epoch: number): Promise<OrderOutcome> {
    this.#epoch = this.#lastEpoch = epoch
    this.#moves += 1
    const { clock, log } = this.#parts
    const askedMs = clock.now()
    const outcome = await this.#order(() => this.#hook.acquire(epoch))
    if (!outcome.ok || this.#epoch !== epoch) return outcome
    this.#announcer?.begin()
    this.#claims?.begin()
    const ms = Math.round(clock.now() - askedMs)
    log.info({ epoch, addresses: this.#settings.addresses, ms }, 'floating address taken')
    return outcome
  }

  /**
   * The kernel may keep the addresses for another lifetime, from `startedMs` on at the earliest. While one renewal runs
   * there is no second one: its outcome is the answer.
   */
  async renew(): Promise<OrderOutcome> {
    const epoch = this.#epoch
    if (epoch === undefined) return { ok: false, why: 'the floating address is not taken' }
    return this.#order(() => this.#hook.renew(epoch))
  }

  /** Gives the addresses up. Whatever else the hook does is ended. */
  async release(): Promise<OrderOutcome> {
    const epoch = this.#epoch
    this.#epoch = undefined
    this.#moves += 1
    this.#announcer?.end()
    const outcome = await this.#order(() => this.#hook.release(this.#lastEpoch))
    this.#forgotten = this.#claims?.end()
    for (const address of this.#claimedMs.keys()) this.#parts.alarms.clear(duplicate(address))
    this.#claimedMs.clear()
    if (outcome.ok && epoch !== undefined) this.#parts.log.info({ epoch }, 'floating address given up')
    return outcome
  }

  async #order(give: () => Promise<OrderOutcome>): Promise<OrderOutcome> {
    const moves = this.#moves
    const outcome = await give()
    if (outcome.ok) this.#parts.alarms.clear(moving)
    else if (moves === this.#moves) this.#parts.alarms.raise(moving, outcome.why)
    return outcome
  }

  async #compareAgainAndAgain(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    for (let isRight = true; !signal.aborted; isRight = await this.#compare()) {
      await clock.sleep(isRight ? compareMs : mendMs, signal).catch(() => {})
      this.#forgetOldClaims()
    }
  }

  /** @returns whether the addresses are where they belong */
  async #compare(): Promise<boolean> {
    const { alarms } = this.#parts
    const moves = this.#moves
    const found = await this.#hook.check(this.#lastEpoch)
    if (moves !== this.#moves || this.#stopping.signal.aborted) return true // that was a moment ago
    if ('why' in found) {
      alarms.raise(place, `cannot be told: ${found.why}`)
      return false
    }
    const belongsHere = this.#epoch !== undefined
    if (found.presence === (belongsHere ? 'all' : 'none')) {
      alarms.clear(place)
      return true
    }
    if (belongsHere) this.#mendMissing()
    else await this.#mendForeign(found.output)
    return false
  }

  /** The next renewal brings them back; only that may, for it knows whether the reign lasts. */
  #mendMissing(): void {
    this.#parts.alarms.raise(place, 'is gone from this node, which is active; somebody has removed it')
    this.#announcer?.begin()
  }

  async #mendForeign(found: string): Promise<void> {
    const text = 'is on this node, which is not active; somebody has added it, and it is removed'
    this.#parts.alarms.raise(place, found === '' ? text : `${found.split('\n').join(', ')} ${text}`)
    await this.release()
  }

  #claimed({ address, mac }: Claim): void {
    const { alarms, clock, onDuplicate } = this.#parts
    if (this.#epoch === undefined) return
    this.#announcer?.contradict()
    this.#claimedMs.set(address, clock.now())
    alarms.raise(duplicate(address), `${mac} claims it, so that some phones go there; find that machine`)
    onDuplicate(address, mac)
  }

  #forgetOldClaims(): void {
    const { alarms, clock } = this.#parts
    for (const [address, atMs] of this.#claimedMs) {
      if (clock.now() - atMs < quietMs) continue
      this.#claimedMs.delete(address)
      alarms.clear(duplicate(address))
    }
  }
}
