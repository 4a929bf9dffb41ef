import type { Clock } from '../base/clock.ts'
import type { PhoneTraits } from '../base/phone-traits.ts'
import type { FinishedTransfer, TransferListener, TransferResult } from './activity.ts'
import type { Protocol } from '../base/protocol.ts'

/** One request of a boot. */
export interface BootLine {
  /** Wall clock, milliseconds since 1970. */
  at: number
  /** Since the request before it, milliseconds; 0 for the first. */
  gapMs: number
  protocol: Protocol
  port: number
  asked: string
  result: TransferResult
  code: number | undefined
  bytes: number
  ms: number
  retries: number
  /** How often the same file was asked for before in this boot. */
  again: number
  fallback: boolean
  /** Why not, and what there is instead. */
  detail: string | undefined
}

export interface Boot {
  startedAt: number
  lines: BootLine[]
  /** Requests beyond those kept. */
  more: number
}

export interface PhoneTrace {
  address: string
  phone: PhoneTraits
  /** End of its last transfer; wall clock, milliseconds since 1970. */
  lastAt: number
  requests: number
  /** Newest last. */
  boots: Boot[]
}

interface Kept extends PhoneTrace {
  /** Monotonic, as all that follows from time here: a wall clock that jumps must not cut boots in two. */
  lastBegunMs: number
  lastSeenMs: number
  /** By protocol. */
  lastSeenOverMs: Partial<Record<Protocol, number>>
}

export interface BootTraceLimits {
  phones: number
  boots: number
}

/** What the traces ask of the layers above. */
export interface Knowledge {
  clock: Clock
  kindOf: (asked: string) => string
  /** What the name of a file tells of the phone that asks for it. */
  identifyName?: (asked: string) => PhoneTraits | undefined
}

const linesPerBoot = 40
/** A phone silent for this long that asks again is starting over, or being polled: either way a new story. */
const newBootAfterMs = 120_000

/** What each phone asked for in its last boots, and what it got. Bounded in phones, boots and lines. */
export class BootTraces {
  readonly #phones = new Map<string, Kept>()
  readonly #limits: BootTraceLimits
  readonly #kindOf: Knowledge['kindOf']
  readonly #identifyName: NonNullable<Knowledge['identifyName']>
  readonly #clock: Clock

  constructor(limits: BootTraceLimits, { clock, kindOf, identifyName = () => undefined }: Knowledge) {
    this.#limits = limits
    this.#clock = clock
    this.#kindOf = kindOf
    this.#identifyName = identifyName
  }

  readonly record: TransferListener = (finished) => {
    const nowMs = this.#clock.now()
    const begunMs = nowMs - finished.ms
    const trace = this.#traceOf(finished)
    const boot = this.#bootOf(trace, finished, begunMs)
    const gapMs = boot.lines.length === 0 ? 0 : Math.max(0, Math.round(begunMs - trace.lastBegunMs))
    trace.lastAt = this.#clock.wallTime().getTime()
    trace.lastBegunMs = begunMs
    trace.lastSeenMs = nowMs
    trace.lastSeenOverMs[finished.protocol] = nowMs
    trace.requests++
    if (boot.lines.length >= linesPerBoot) boot.more++
    else boot.lines.push(lineOf(finished, boot, gapMs))
  }

  /** All phones, the one seen last first. */
  list(): PhoneTrace[] {
    return [...this.#phones.values()].toReversed()
  }

  /** Phones that came over that protocol not longer ago than that, the one seen last first. */
  seenOver(protocol: Protocol, withinMs: number): PhoneTrace[] {
    const since = this.#clock.now() - withinMs
    return [...this.#phones.values()]
      .filter(({ lastSeenOverMs }) => (lastSeenOverMs[protocol] ?? -Infinity) >= since)
      .toReversed()
  }

  /** By address, or by MAC in any spelling. */
  find(phone: string): PhoneTrace | undefined {
    const mac = phone.toLowerCase().replaceAll(/[^0-9a-f]/g, '')
    return (
      this.#phones.get(phone) ??
      this.list().find((trace) => trace.phone.mac !== undefined && trace.phone.mac === mac)
    )
  }

  /** What the phone at that address told of itself earlier: TFTP says nothing of model or MAC. */
  traitsAt(address: string): PhoneTraits | undefined {
    const known = this.#phones.get(address)?.phone
    return known !== undefined && Object.keys(known).length > 0 ? known : undefined
  }

  #traceOf({ address, asked, phone }: FinishedTransfer): Kept {
    const known = this.#phones.get(address)
    // Another MAC at the same address is another phone: its boots are not mixed with the old one's.
    const other = known?.phone.mac !== undefined && phone?.mac !== undefined && known.phone.mac !== phone.mac
    const trace = known === undefined || other ? fresh(address) : known
    // The name asked for may be another phone's: what the phone says of itself counts for more.
    trace.phone = { ...this.#identifyName(asked), ...trace.phone, ...phone }
    this.#phones.delete(address)
    this.#phones.set(address, trace)
    const [oldest] = this.#phones.keys()
    if (this.#phones.size > this.#limits.phones && oldest !== undefined) this.#phones.delete(oldest)
    return trace
  }

  #bootOf(trace: Kept, { startedAt, asked }: FinishedTransfer, begunMs: number): Boot {
    const current = trace.boots.at(-1)
    const silentMs = begunMs - trace.lastSeenMs
    const startsOver =
      this.#kindOf(asked) === 'upgrade' &&
      current?.lines.some((line) => this.#kindOf(line.asked) !== 'upgrade') === true
    if (current !== undefined && silentMs < newBootAfterMs && !startsOver) return current
    const boot: Boot = { startedAt, lines: [], more: 0 }
    trace.boots.push(boot)
    if (trace.boots.length > this.#limits.boots) trace.boots.shift()
    return boot
  }
}

const fresh = (address: string): Kept => ({
  address,
  phone: {},
  lastAt: 0,
  lastBegunMs: 0,
  lastSeenMs: 0,
  lastSeenOverMs: {},
  requests: 0,
  boots: [],
})

function lineOf(finished: FinishedTransfer, boot: Boot, gapMs: number): BootLine {
  const {
    startedAt,
    protocol,
    port,
    asked,
    result,
    code,
    bytes,
    ms,
    retries = 0,
    fallback = false,
    detail,
  } = finished
  const again = boot.lines.filter((line) => line.asked === asked && line.protocol === protocol).length
  return {
    at: startedAt,
    gapMs,
    protocol,
    port,
    asked,
    result,
    code,
    bytes,
    ms,
    retries,
    again,
    fallback,
    detail,
  }
}
