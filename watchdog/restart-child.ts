import { startChild, type ChildProgram } from '../lib/base/child-program.ts'
import type { Clock } from '../lib/base/clock.ts'
import type { Log } from '../lib/base/log.ts'
import type { RestartHow, RestartOutcome, RestartReason, Restarter } from './restart.ts'

export interface ChildSettings {
  program: string
  args: readonly string[]
  /** Our environment; what is meant for us alone is taken out. */
  env: Readonly<Record<string, string | undefined>>
  /** The child's output goes where ours goes. */
  showOutput: boolean
  /** How long it may take to end after SIGTERM, before it is killed. */
  stopMs: number
  /** How long it may take until `isReady`. */
  readyMs: number
}

export interface ChildParts {
  clock: Clock
  log: Log
  /** Whether the file server answers. Ends when `signal` aborts. Never rejects. */
  isReady: (signal: AbortSignal) => Promise<boolean>
  /** It has ended, and we did not want it to. Nothing is done about it here. */
  onDied: (why: string) => void
}

/** A killed process that waits for a disk takes its time. */
const killMs = 5_000
const askEveryMs = 100
const askMs = 1_000

/** The file server as a child of the watchdog, as `twintone up` runs it. */
export class ChildRestarter implements Restarter {
  readonly #settings: ChildSettings
  readonly #parts: ChildParts
  #child: ChildProgram | undefined
  /** We want it to end. */
  #ending = false
  #busy = false

  constructor(settings: ChildSettings, parts: ChildParts) {
    this.#settings = settings
    this.#parts = parts
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it, unless it runs. Never rejects. */
  start(): Promise<RestartOutcome> {
    return this.#inTurn(async () =>
      this.#child === undefined ? this.#start() : { ok: true, why: `it runs with pid ${this.#child.pid}` },
    )
  }

  restart(how: RestartHow, reason: RestartReason): Promise<RestartOutcome> {
    return this.#inTurn(async () => {
      this.#parts.log.warn({ how, pid: this.pid, ...reason }, 'restarting the file server')
      const ended = await this.#end(how)
      if (this.#child !== undefined)
        return { ok: false, why: `pid ${this.pid} does not end, not even by SIGKILL` }
      const started = await this.#start()
      return { ok: started.ok, why: `${ended}; ${started.why}` }
    })
  }

  /** Ends it for good, or until it is started again. Never rejects. */
  async stop(): Promise<RestartOutcome> {
    const ended = await this.#end('graceful')
    return { ok: this.#child === undefined, why: ended }
  }

  async #inTurn(task: () => Promise<RestartOutcome>): Promise<RestartOutcome> {
    if (this.#busy) return { ok: false, why: 'it is being started or restarted already' }
    this.#busy = true
    try {
      return await task()
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) }
    } finally {
      this.#busy = false
    }
  }

  async #start(): Promise<RestartOutcome> {
    const { program, args, env, showOutput } = this.#settings
    this.#ending = false
    const child = await startChild(program, args, {
      env: environmentFor(env),
      output: showOutput ? 'inherit' : 'ignore',
    })
    this.#child = child
    const death = child.ended.then((how) => this.#ended(child, how))
    this.#parts.log.info({ pid: child.pid, program }, 'file server started')
    return this.#becomesReady(child, death)
  }

  #ended(child: ChildProgram, how: string): string {
    const why = `the file server (pid ${child.pid}) ended with ${how}`
    this.#child = undefined
    if (!this.#ending) {
      this.#parts.log.error({ pid: child.pid, how }, 'file server died')
      this.#parts.onDied(why)
    }
    return why
  }

  async #becomesReady(child: ChildProgram, death: Promise<string>): Promise<RestartOutcome> {
    const { clock, isReady } = this.#parts
    const { readyMs } = this.#settings
    const over = new AbortController()
    const died = death.then((why): RestartOutcome => ({ ok: false, why }))
    const ready = async (): Promise<RestartOutcome> => {
      const until = clock.now() + readyMs
      while (!over.signal.aborted && clock.now() < until) {
        if (await isReady(AbortSignal.any([over.signal, AbortSignal.timeout(askMs)])))
          return { ok: true, why: `it runs with pid ${child.pid}` }
        await clock.sleep(askEveryMs, over.signal).catch(() => {})
      }
      return { ok: false, why: `pid ${child.pid} does not answer ${readyMs} ms after its start` }
    }
    try {
      return await Promise.race([died, ready()])
    } finally {
      over.abort()
    }
  }

  /** @returns how it ended, for a person */
  async #end(how: RestartHow): Promise<string> {
    const child = this.#child
    if (child === undefined) return 'it did not run'
    this.#ending = true
    if (how === 'graceful') {
      child.signal('SIGTERM')
      child.signal('SIGCONT') // a stopped process hears nothing until then
      const said = await this.#within(child.ended, this.#settings.stopMs)
      if (said !== undefined) return `it ended with ${said}`
    }
    child.signal('SIGKILL')
    const said = await this.#within(child.ended, killMs)
    if (said === undefined) return 'it does not end'
    return how === 'hard'
      ? 'it was killed'
      : `it had not ended after ${this.#settings.stopMs} ms, and was killed`
  }

  async #within(ended: Promise<string>, ms: number): Promise<string | undefined> {
    const over = new AbortController()
    const late = this.#parts.clock.sleep(ms, over.signal).then(
      () => undefined,
      () => undefined,
    )
    try {
      return await Promise.race([ended, late])
    } finally {
      over.abort()
    }
  }
}

/** What systemd tells us about ourselves is not for the child: it would speak in our name. */
const forUsAlone = new Set(['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC', 'LISTEN_PID', 'LISTEN_FDS'])

function environmentFor(env: ChildSettings['env']): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !forUsAlone.has(name)) passed[name] = value
  return passed
}
