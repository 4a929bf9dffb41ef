import type { Log } from '../lib/base/log.ts'
import { printable } from '../lib/base/printable.ts'
import { runHook, type HookResult } from '../lib/base/run-hook.ts'

/** Why the file server is restarted, for whoever does it and for the log. */
export interface RestartReason {
  incident: string
  /** Name of the probe: `tftp 69`. */
  probe: string
  /** A sentence for a person. */
  reason: string
  /** The rung of the ladder: `graceful restart`. */
  rung: string
}

/** `graceful`: transfers under way may end. `hard`: it does not listen any more. */
export type RestartHow = 'graceful' | 'hard'

export interface RestartOutcome {
  ok: boolean
  /** What was done, or why it could not be; for a person. */
  why: string
}

/** One way to restart the file server. Never rejects, and ends within its own time limit. */
export interface Restarter {
  restart(how: RestartHow, reason: RestartReason): Promise<RestartOutcome>
}

export interface SystemdSettings {
  unit: string
  timeoutMs: number
  /** Path of systemctl(1), for tests. */
  program?: string
}

/**
 * By systemd. A user other than root needs leave for it: ops/deploy/twintone-watchdog.rules.
 */
export class SystemdRestarter implements Restarter {
  readonly #settings: SystemdSettings
  readonly #log: Log

  constructor(settings: SystemdSettings, { log }: { log: Log }) {
    this.#settings = settings
    this.#log = log
  }

  async restart(how: RestartHow, reason: RestartReason): Promise<RestartOutcome> {
    const { unit } = this.#settings
    this.#log.warn({ how, unit, ...reason }, 'restarting the file server')
    if (how === 'hard') {
      // Neither has to succeed: the unit may be dead already, or may never have failed.
      await this.#systemctl('kill', '--signal=SIGKILL')
      await this.#systemctl('reset-failed')
    }
    // Not `start`, which does nothing for as long as systemd has not seen the end of the killed process.
    return outcomeOf(`systemctl restart ${unit}`, await this.#systemctl('restart'))
  }

  #systemctl(verb: string, ...options: string[]): Promise<HookResult> {
    const { program = 'systemctl', unit, timeoutMs } = this.#settings
    return runHook(program, ['--no-ask-password', verb, ...options, '--', unit], { timeoutMs })
  }
}

export interface ScriptSettings {
  program: string
  timeoutMs: number
}

/** By a script of the customer's, as the 2007 product had one. It learns how in RUNG, and why from the rest. */
export class ScriptRestarter implements Restarter {
  readonly #settings: ScriptSettings
  readonly #log: Log

  constructor(settings: ScriptSettings, { log }: { log: Log }) {
    this.#settings = settings
    this.#log = log
  }

  async restart(how: RestartHow, reason: RestartReason): Promise<RestartOutcome> {
    const { program, timeoutMs } = this.#settings
    this.#log.warn({ how, program, ...reason }, 'restarting the file server')
    const result = await runHook(program, [], { timeoutMs, env: environmentOf(reason) })
    const { outcome, stdout, stderr, ms } = result
    this.#log.info(
      { program, outcome, stdout, stderr, ms, incident: reason.incident },
      'restart script ended',
    )
    return outcomeOf(program, result)
  }
}

/** Names and answers come from outside: in the environment they are data, and unseen characters are made visible. */
function environmentOf({ incident, probe, reason, rung }: RestartReason): Record<string, string> {
  return {
    INCIDENT: printable(incident),
    PROBE: printable(probe),
    REASON: printable(reason, longestReason),
    RUNG: printable(rung),
  }
}

const longestReason = 2_000

function outcomeOf(what: string, result: HookResult): RestartOutcome {
  const said = printable((result.stderr || result.stdout).trim(), 500)
  const words = said === '' ? '' : `: ${said}`
  if (result.outcome !== 'ended') return { ok: false, why: `${what}: ${result.why}${words}` }
  if (result.exitCode !== 0) return { ok: false, why: `${what} ended with code ${result.exitCode}${words}` }
  return { ok: true, why: `${what} took ${result.ms} ms${words}` }
}
