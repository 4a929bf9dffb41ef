import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import { claimsInArpTable, claimsInProbe, type Claim } from './claims.ts'
import { whyNot, type AskNeighbours, type NeighbourSettings } from './neighbours.ts'

export interface ClaimWatchParts {
  ask: AskNeighbours
  clock: Clock
  log: Log
  /** At most once a second for each address. */
  onClaim: (claim: Claim) => void
  /** For tests: the kernel's ARP table. */
  readArpTable?: () => Promise<string>
}

/** Who speaks up is noticed within this long, who keeps silent within ten seconds. */
const lookMs = 500
const probeMs = 10_000
const mostOftenMs = 1_000

/**
 * Notices that another machine has a floating address, while this one has it: the kernel notes in its ARP table who
 * claims it, and now and then everybody is asked. Of IPv6 the kernel notes nothing: there the asking has to do.
 */
export class ClaimWatch {
  readonly #settings: NeighbourSettings
  readonly #parts: ClaimWatchParts
  readonly #readArpTable: () => Promise<string>
  readonly #toldMs = new Map<string, number>()
  #watching: { stop: AbortController; ended: Promise<void> } | undefined
  #failing = false

  constructor(settings: NeighbourSettings, parts: ClaimWatchParts) {
    this.#settings = settings
    this.#parts = parts
    this.#readArpTable = parts.readArpTable ?? (() => readFile('/proc/net/arp', 'utf8'))
  }

  begin(): void {
    this.#watching?.stop.abort()
    const stop = new AbortController()
    this.#watching = { stop, ended: this.#watch(stop.signal) }
  }

  /** The address may be elsewhere from now on, and the kernel has to learn where, like that of any other machine. */
  async end(): Promise<void> {
    const watching = this.#watching
    if (watching === undefined) return
    this.#watching = undefined
    watching.stop.abort()
    await watching.ended
    await this.#parts.ask('forget')
  }

  /** Who has one of the addresses now, other than this machine. Takes up to a second. */
  async probe(signal?: AbortSignal): Promise<Claim[]> {
    const result = await this.#parts.ask('probe', signal)
    this.#tellWhether(whyNot(result), signal)
    return this.#foreign(claimsInProbe(result.stdout))
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { ask, clock } = this.#parts
    if (!(await slept(clock, lookMs, signal))) return // there is more urgent work at the beginning
    await ask('watch', signal)
    await Promise.all([
      this.#every(lookMs, signal, () => this.#look(signal)),
      this.#every(probeMs, signal, () => this.#probe(signal)),
    ])
  }

  async #every(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    do await act()
    while (await slept(this.#parts.clock, ms, signal))
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { addresses, interface: device } = this.#settings
    const claims = this.#foreign(claimsInArpTable(await this.#arpTable(), addresses, device))
    if (claims.length === 0 || signal.aborted) return
    this.#tell(claims)
    // Otherwise the same claim, made once more, would change nothing in the table.
    await this.#parts.ask('watch', signal)
  }

  async #probe(signal: AbortSignal): Promise<void> {
    const claims = await this.probe(signal)
    if (signal.aborted) return
    this.#tell(claims)
    // The kernel may have thrown the entries away.
    await this.#parts.ask('watch', signal)
  }

  async #arpTable(): Promise<string> {
    try {
      return await this.#readArpTable()
    } catch {
      return '' // the probe is left
    }
  }

  #tell(claims: readonly Claim[]): void {
    const now = this.#parts.clock.now()
    for (const claim of claims) {
      if (now - (this.#toldMs.get(claim.address) ?? -Infinity) < mostOftenMs) continue
      this.#toldMs.set(claim.address, now)
      this.#parts.onClaim(claim)
    }
  }

  /** What we say ourselves may come back to us, over a bridge for example. */
  #foreign(claims: readonly Claim[]): Claim[] {
    if (claims.length === 0) return []
    const own = Object.values(networkInterfaces()).flatMap(
      (addresses) => addresses?.map(({ mac }) => mac) ?? [],
    )
    return claims.filter(({ mac }) => !own.includes(mac))
  }

  #tellWhether(why: string | undefined, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true || (why !== undefined) === this.#failing) return
    this.#failing = why !== undefined
    if (why === undefined) this.#parts.log.info({}, 'floating address probed again')
    else this.#parts.log.warn({ why }, 'floating address not probed')
  }
}

/** @returns false when it is over */
const slept = (clock: Clock, ms: number, signal: AbortSignal) =>
  clock.sleep(ms, signal).then(
    () => true,
    () => false,
  )
