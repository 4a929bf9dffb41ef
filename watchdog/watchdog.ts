import type { Clock } from '../lib/base/clock.ts'
import type { Component } from '../lib/base/component.ts'
import type { Log } from '../lib/base/log.ts'
import type { Protocol } from '../lib/base/protocol.ts'
import type { Effect, Event } from './events.ts'
import type { Evidence } from './evidence.ts'
import type { FileServer } from './file-server.ts'
import type { Message } from './message.ts'
import type { SystemdNotify } from './notify.ts'
import type { Finding, Probe } from './probe.ts'
import type { Restarter } from './restart.ts'
import type { Moment, Rules } from './rules.ts'
import type { StateFile } from './state-file.ts'
import { begin, due, viewOf, type State, type View } from './supervision.ts'
import { step } from './supervisor.ts'

export interface WatchdogParts {
  probes: readonly Probe[]
  rules: Rules
  fileServer: Pick<FileServer, 'hello' | 'beat' | 'bye' | 'whoIsHurt' | 'reopen' | 'pid'>
  /** Absent: the file server is not ours to restart. */
  restarter: Restarter | undefined
  /** Has the other node serve instead; tells how that went. Absent: there is no other node. */
  handOver?: (why: string) => Promise<string>
  evidence: Pick<Evidence, 'collect'>
  tell: (message: Message) => void
  notify: Pick<SystemdNotify, 'ready' | 'rounds' | 'alive' | 'status' | 'stopping'>
  /** No round takes longer, by far. */
  roundMs: number
  /** Told after each round whether all was well. */
  onRound: (allWell: boolean) => void
  stateFile: Pick<StateFile, 'load' | 'save'>
  /** Doors that phones use. */
  protocols: readonly Protocol[]
  clock: Clock
  log: Log
  random?: () => number
}

const tickMs = 1_000

type Act = Extract<Effect, { do: 'reopen' | 'restart' | 'hand over' }>
type Happening = Event extends infer Each ? (Each extends Moment ? Omit<Each, keyof Moment> : never) : never

/** Asks, lets the supervisor judge, and does what it says. Decides nothing itself. */
export class Watchdog implements Component {
  readonly name = 'watchdog'
  readonly #parts: WatchdogParts
  readonly #byName: ReadonlyMap<string, Probe>
  readonly #running = new Map<string, Promise<void>>()
  readonly #stopping = new AbortController()
  #state: State | undefined
  #work: Promise<void> = Promise.resolve()
  #acting: Promise<void> = Promise.resolve()
  /** Evidence for the act that follows. */
  #collecting: Promise<unknown> = Promise.resolve()
  #greeting = false
  #greetedMs = -Infinity
  /** Probes that were really asked since the last round was over. */
  readonly #asked = new Set<string>()
  #rounds = 0

  constructor(parts: WatchdogParts) {
    this.#parts = parts
    this.#byName = new Map(parts.probes.map((probe) => [probe.name, probe]))
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    const { stateFile, probes, rules, notify, roundMs } = this.#parts
    await this.#sayHello() // so that it knows our files before the first probe
    this.#state = begin(await stateFile.load(), probes, this.#moment(), rules)
    notify.ready()
    notify.rounds(roundMs)
    this.#work = this.#keepWatching(this.#stopping.signal).catch(fail)
  }

  async stop(): Promise<void> {
    this.#parts.notify.stopping()
    await this.cut()
    await this.#parts.fileServer.bye().catch(() => {}) // it may be gone before us
    if (this.#state !== undefined) await this.#parts.stateFile.save(this.#state)
  }

  /** Ends without a goodbye, so that the file server will miss us. */
  async cut(): Promise<void> {
    this.#stopping.abort()
    await this.#work
    await Promise.all([...this.#running.values(), this.#acting])
  }

  view(): View {
    return viewOf(this.#known(), this.#parts.clock.now())
  }

  /** Something a person does: acknowledge, snooze, maintenance. `untilMs` by the clock. */
  happen(event: Exclude<Happening, { type: 'tick' | 'finding' | 'acted' }>): void {
    this.#step(event)
    void this.#parts.stateFile.save(this.#known())
  }

  /** Asks one probe now. Undefined: there is none of that name. */
  async probeNow(name: string): Promise<Finding | undefined> {
    const probe = this.#byName.get(name)
    if (probe === undefined) return undefined
    await this.#running.get(name)
    const { signal } = this.#stopping
    const finding = await (probe.runAnew ?? probe.run)(signal)
    if (!signal.aborted) this.#step({ type: 'finding', name, finding })
    return finding
  }

  async #keepWatching(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#step({ type: 'tick' })
      this.#greetIfDue()
      this.#askWhatIsDue()
      this.#endRound()
      await this.#parts.clock.sleep(this.#nextMs(), signal).catch(() => {})
    }
  }

  #greetIfDue(): void {
    const { clock, rules } = this.#parts
    const now = clock.now()
    if (now - this.#greetedMs < rules.intervalMs) return
    this.#greetedMs = now
    void this.#greet()
  }

  /** One at a time: a file server that hangs must not hold up the probes that say so. */
  async #greet(): Promise<void> {
    if (this.#greeting) return
    this.#greeting = true
    const { fileServer, protocols, log } = this.#parts
    try {
      // It may have been restarted, and know nothing of us any more.
      await fileServer.hello()
      this.#step({ type: 'hurt', text: await fileServer.whoIsHurt(protocols) })
    } catch (err) {
      log.debug({ err }, 'file server not reached') // its probe judges that
    } finally {
      this.#greeting = false
    }
  }

  async #sayHello(): Promise<void> {
    await this.#parts.fileServer.hello().catch(() => {}) // its probe judges that
  }

  #askWhatIsDue(): void {
    const now = this.#parts.clock.now()
    for (const { name, dueMs } of due(this.#known())) {
      if (dueMs > now) break
      const probe = this.#byName.get(name)
      if (probe === undefined || this.#running.has(name)) continue
      this.#running.set(name, this.#ask(probe))
    }
  }

  async #ask(probe: Probe): Promise<void> {
    const { signal } = this.#stopping
    try {
      const finding = await probe.run(signal)
      if (signal.aborted) return
      this.#asked.add(probe.name)
      this.#step({ type: 'finding', name: probe.name, finding })
    } finally {
      this.#running.delete(probe.name)
    }
  }

  /** A round is over once each probe was really asked: only then does anybody hear that we are well. */
  #endRound(): void {
    const { probes, fileServer, notify, onRound } = this.#parts
    if (this.#asked.size < probes.length) return
    this.#asked.clear()
    this.#rounds += 1
    const { open, probes: seen } = this.view()
    const allWell = open.every(({ about }) => about !== 'fault' && about !== 'blind')
    notify.alive()
    notify.status(`${seen.filter(({ state }) => state === 'ok').length} of ${seen.length} probes are well`)
    onRound(allWell)
    void fileServer.beat(this.#rounds, allWell).catch(() => {}) // its probe judges that
  }

  #nextMs(): number {
    const now = this.#parts.clock.now()
    const [first] = due(this.#known()).filter(({ name }) => !this.#running.has(name))
    return Math.max(10, Math.min(tickMs, (first?.dueMs ?? Infinity) - now))
  }

  #step(event: Happening): void {
    const { rules, stateFile } = this.#parts
    const { state, effects } = step(this.#known(), { ...event, ...this.#moment() }, rules)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
    // What was told or begun must not be told or begun again by the next run of ours.
    if (effects.length > 0) void stateFile.save(state)
  }

  #perform(effect: Effect): void {
    const { log, tell } = this.#parts
    switch (effect.do) {
      case 'note': {
        const { do: _, ...fields } = effect
        if ('probe' in fields) log.info(fields, 'probe changed')
        else log.warn(fields, 'watchdog noted')
        return
      }
      case 'evidence':
        this.#collecting = this.#collect(effect.incident)
        return
      case 'tell':
        tell(effect.message)
        return
      case 'probe soon':
        return // `due` says so too
      case 'reopen':
      case 'restart':
      case 'hand over':
        this.#acting = this.#acting.then(() => this.#act(effect))
        return
    }
  }

  async #collect(incident: string): Promise<void> {
    const { evidence, fileServer } = this.#parts
    const found = this.#known().incidents.open.find(({ id }) => id === incident)
    await evidence.collect({ incident, reason: found?.why ?? '', pid: fileServer.pid })
  }

  async #act(effect: Act): Promise<void> {
    const { log } = this.#parts
    await this.#collecting
    const rung = effect.do === 'restart' ? effect.how : effect.do
    const { ok, why } = await this.#tryTo(effect)
    log.warn({ rung, incident: effect.incident, probe: effect.probe, ok, why }, 'cure tried')
    if (ok && effect.do === 'restart') await this.#sayHello()
    this.#step({ type: 'acted', rung, ok, why })
  }

  async #tryTo(effect: Act): Promise<{ ok: boolean; why: string }> {
    const { fileServer, restarter, handOver } = this.#parts
    try {
      switch (effect.do) {
        case 'reopen':
          return { ok: true, why: await fileServer.reopen(effect.protocol, effect.port) }
        case 'restart': {
          if (restarter === undefined) return { ok: false, why: 'watchdog.restart is "none"' }
          const { how, incident, probe, reason } = effect
          return await restarter.restart(how, { incident, probe, reason, rung: `${how} restart` })
        }
        case 'hand over':
          if (handOver === undefined) return { ok: false, why: 'there is no other node' }
          return { ok: true, why: await handOver(`${effect.probe}: ${effect.reason}`) }
      }
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) }
    }
  }

  #known(): State {
    if (this.#state === undefined) throw new Error('the watchdog has not started')
    return this.#state
  }

  #moment(): Moment {
    const { clock, random = Math.random } = this.#parts
    return { atMs: clock.now(), wall: localIso(clock.wallTime()), chance: random() }
  }
}

/** `2026-11-24T09:15:02+01:00`: what a person at the place calls it, and still one moment. */
function localIso(time: Date): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const offset = -time.getTimezoneOffset()
  const local = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, 19)
  const sign = offset < 0 ? '-' : '+'
  return `${local}${sign}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`
}
