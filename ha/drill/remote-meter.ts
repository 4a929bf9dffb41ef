import { CommandError } from '../../lib/base/command.ts'
import { runHook, type HookResult } from '../../lib/base/run-hook.ts'
import type { Measured } from '../agent/views.ts'
import type { Meter } from './play.ts'
import type { Targets } from './targets.ts'

/** The prober on another host, over ssh: what befalls this one would befall a prober here. */

export interface RemoteSettings {
  host: string
  targets: Targets
  /** How long it measures. */
  forMs: number
  /** The whole environment of ssh, which finds its keys by it. */
  env: Readonly<Record<string, string>>
  /** ssh, or whatever takes its place. */
  program: string
}

const connectSeconds = 5
/** Logging in, looking at the doors, reading back and cleaning up. */
const aroundMs = 60_000
const mostBytes = 1_048_576

export class RemoteMeter implements Meter {
  /** ssh has to log in, and the prober there to look at the doors. */
  readonly leadMs = 6_000
  readonly #settings: RemoteSettings
  #running: Promise<Measured> | undefined

  constructor(settings: RemoteSettings) {
    this.#settings = settings
  }

  /** Lets it look at the doors only. @throws CommandError when that host cannot measure */
  async tryOut(): Promise<Measured> {
    return this.#measure(0)
  }

  start(): void {
    this.#running ??= this.#measure(this.#settings.forMs)
    this.#running.catch(() => {}) // `finish` tells
  }

  async finish(): Promise<Measured> {
    if (this.#running === undefined) throw new Error('nothing was started')
    return this.#running
  }

  async #measure(forMs: number): Promise<Measured> {
    const { program, host, targets, env } = this.#settings
    // ssh makes one line of it for a shell there: these characters mean nothing to any shell.
    const packed = Buffer.from(JSON.stringify(targets)).toString('base64url')
    const there = ['ha', 'drill', 'probe', '--json', '--for', `${forMs}ms`, '--targets', packed]
    const options = ['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${connectSeconds}`]
    const timeoutMs = forMs + aroundMs
    const result = await runHook(program, [...options, '--', host, ...there], {
      timeoutMs,
      outputBytes: mostBytes,
      env,
    })
    return measuredIn(result, host)
  }
}

function measuredIn(result: HookResult, host: string): Measured {
  try {
    if (result.outcome === 'ended' && result.exitCode === 0) return JSON.parse(result.stdout) as Measured
  } catch {
    // told below
  }
  const why = result.outcome === 'ended' ? `exit code ${result.exitCode}` : result.why
  const said = result.stderr.trim().split('\n').at(-1) ?? ''
  throw new CommandError(`\`ha drill probe\` on ${host} failed: ${said === '' ? why : said}`)
}
