import type { Effect, Event } from '../../watchdog/events.ts'
import type { Message } from '../../watchdog/message.ts'
import type { Finding, ProbeSubject } from '../../watchdog/probe.ts'
import type { Rung } from '../../watchdog/remedies.ts'
import type { Moment, Rules } from '../../watchdog/rules.ts'
import { begin, due, type Asked, type State } from '../../watchdog/supervision.ts'
import { step } from '../../watchdog/supervisor.ts'
import type { Protocol } from '../../lib/base/protocol.ts'

/** The watchdog's mind in simulated time: a world that answers probes, and lets itself be mended or not. */
export interface World {
  /** What a probe that is asked at `atMs` finds. Its `ms` is how long that takes. */
  find(name: string, atMs: number): Finding
  /** What becomes of an act; it takes `ms`. */
  act?(rung: Rung, probe: string, atMs: number): { ms: number; ok: boolean; why: string }
}

/** Interval 1 s and limit 3, as for a server that must be back within seconds. */
export const quickRules: Rules = {
  node: 'pbx-a',
  intervalMs: 1_000,
  suspectMs: 1_000,
  failureLimit: 3,
  failuresOf: 0,
  graceMs: 5_000,
  mayAct: true,
  mayRestart: true,
  hasPair: false,
  reopensPerHour: 6,
  restartsPerHour: 3,
  healthyMs: 1_800_000,
  actLimitMs: 180_000,
  stallMs: 5_000,
}

/** As the settings come. */
export const usualRules: Rules = {
  ...quickRules,
  intervalMs: 60_000,
  suspectMs: 10_000,
  failureLimit: 5,
  graceMs: 60_000,
}

export const ok: Finding = { outcome: 'ok', ms: 5, phases: {} }
export const missed = (why = 'no answer within 500 ms'): Finding => ({ outcome: 'missed', ms: 500, why })
export const blind: Finding = { outcome: 'blind', why: 'its own address 127.6.9.1 is gone' }

export const server: Asked = { name: 'file server', about: { kind: 'process' }, dependsOn: [] }
export const door = (protocol: Protocol, port: number, dependsOn = ['file server']): Asked => ({
  name: `${protocol} ${port}`,
  about: { kind: 'door', protocol, port },
  dependsOn,
})
export const other = (
  name: string,
  kind: (ProbeSubject & { kind: 'machine' | 'refusal' })['kind'],
): Asked => ({
  name,
  about: { kind },
  dependsOn: [],
})

export const nineDoors: readonly Asked[] = [
  door('http', 80),
  door('http', 81),
  door('http', 8080),
  door('https', 411),
  door('https', 443),
  door('tftp', 69),
  door('ftp', 21),
  door('ftp', 990),
  door('ftp', 2121),
]

const startWall = Date.parse('2026-11-24T08:15:00Z')

/** A place one hour east of Greenwich. */
export const momentAt = (atMs: number, wallShiftMs = 0): Moment => ({
  atMs,
  wall: new Date(startWall + 3_600_000 + atMs + wallShiftMs).toISOString().replace('Z', '+01:00'),
  chance: 0.5,
})

type Happening = Event extends infer Each ? (Each extends Event ? Omit<Each, keyof Moment> : never) : never

export class Simulation {
  atMs = 0
  state: State
  /** Added to the clock on the wall. */
  wallShiftMs = 0
  readonly done: { atMs: number; effect: Effect }[] = []
  readonly #rules: Rules
  readonly #world: World
  #clockShiftMs = 0
  readonly #asking = new Map<string, number>()
  /** What will happen, and when. */
  #coming: { atMs: number; happening: Happening }[] = []

  constructor(asked: readonly Asked[], world: World, rules: Rules = quickRules) {
    this.#rules = rules
    this.#world = world
    this.state = begin(undefined, asked, momentAt(0), rules)
  }

  /** A tenth of a second at a time: what has come in, every half a second a tick, what is due. */
  run(untilMs: number): this {
    while (this.atMs < untilMs) {
      this.atMs += 100
      const now = this.#coming.filter(({ atMs }) => atMs <= this.atMs)
      this.#coming = this.#coming.filter(({ atMs }) => atMs > this.atMs)
      for (const { happening } of now) this.happens(happening)
      if (this.atMs % 500 === 0) this.happens({ type: 'tick' })
      this.#askDue()
    }
    return this
  }

  happens(happening: Happening): Effect[] {
    const event: Event = { ...this.#timed(happening), ...this.#now }
    const { state, effects } = step(this.state, event, this.#rules)
    this.state = state
    for (const effect of effects) this.#perform(effect)
    return effects
  }

  /** Time passes in which the watchdog does not run; what was asked is answered afterwards. */
  standStill(ms: number): this {
    this.atMs += ms
    return this
  }

  /** The watchdog is started anew with what it stored, by a clock that begins elsewhere. */
  startAnew(asked: readonly Asked[], clockShiftMs = 0): this {
    this.#clockShiftMs += clockShiftMs
    this.#asking.clear()
    this.#coming = []
    this.state = begin(JSON.parse(JSON.stringify(this.state)) as State, asked, this.#now, this.#rules)
    return this
  }

  get acts(): string[] {
    return this.#list((effect) => {
      if (effect.do === 'reopen') return `reopen ${effect.probe}`
      if (effect.do === 'restart') return `restart ${effect.how}`
      return effect.do === 'hand over' ? 'hand over' : undefined
    })
  }

  get messages(): Message[] {
    return this.#list((effect) => (effect.do === 'tell' ? effect.message : undefined))
  }

  /** `down http 80 is down`: kind and subject without the node. */
  get told(): string[] {
    return this.messages.map(({ kind, subject }) => `${kind}: ${subject.replace('pbx-a: ', '')}`)
  }

  /** When something was done first. */
  when(what: Effect['do'], fromMs = 0): number | undefined {
    return this.done.find(({ atMs, effect }) => atMs >= fromMs && effect.do === what)?.atMs
  }

  get #now(): Moment {
    const moment = momentAt(this.atMs, this.wallShiftMs)
    return { ...moment, atMs: moment.atMs + this.#clockShiftMs }
  }

  /** A probe that was under way while the watchdog stood still has taken that long. */
  #timed(happening: Happening): Happening {
    if (happening.type !== 'finding') return happening
    const { name, finding } = happening
    const askedMs = this.#asking.get(name) ?? this.atMs
    this.#asking.delete(name)
    if (finding.outcome === 'blind') return happening
    const isLate = this.atMs - askedMs > finding.ms + 1_000
    return isLate ? { ...happening, finding: { ...finding, ms: this.atMs - askedMs } } : happening
  }

  #list<T>(pick: (effect: Effect) => T | undefined): T[] {
    return this.done.flatMap(({ effect }) => pick(effect) ?? [])
  }

  #askDue(): void {
    for (const { name, dueMs } of due(this.state)) {
      if (dueMs - this.#clockShiftMs > this.atMs || this.#asking.has(name)) continue
      this.#asking.set(name, this.atMs)
      const finding = this.#world.find(name, this.atMs)
      const ms = finding.outcome === 'blind' ? 1 : finding.ms
      this.#coming.push({ atMs: this.atMs + ms, happening: { type: 'finding', name, finding } })
    }
  }

  #perform(effect: Effect): void {
    this.done.push({ atMs: this.atMs, effect })
    const rung = rungOf(effect)
    if (rung === undefined || !('probe' in effect)) return
    const { ms, ...how } = this.#world.act?.(rung, effect.probe, this.atMs) ?? { ms: 500, ok: true, why: '' }
    this.#coming.push({ atMs: this.atMs + ms, happening: { type: 'acted', rung, ...how } })
  }
}

function rungOf(effect: Effect): Rung | undefined {
  if (effect.do === 'restart') return effect.how
  return effect.do === 'reopen' || effect.do === 'hand over' ? effect.do : undefined
}
