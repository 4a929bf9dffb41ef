import type { Log } from '../../lib/base/log.ts'
import { runHook } from '../../lib/base/run-hook.ts'
import type { Role } from '../role/state.ts'

export interface RoleHookSettings {
  /** Empty: none. */
  program: string
  timeoutMs: number
  node: string
}

/**
 * Tells a program of the administrator's about each change of role. Nothing waits for it, and one that hangs is
 * ended; changes that come meanwhile are told one after the other.
 */
export class RoleHook {
  readonly #settings: RoleHookSettings
  readonly #log: Log
  #running: Promise<void> = Promise.resolve()

  constructor(settings: RoleHookSettings, log: Log) {
    this.#settings = settings
    this.#log = log
  }

  tell(role: Role['name'], epoch: number, why: string): void {
    if (this.#settings.program === '') return
    this.#running = this.#running.then(() => this.#run(role, epoch, why))
  }

  async #run(role: Role['name'], epoch: number, why: string): Promise<void> {
    const { program, timeoutMs, node } = this.#settings
    const env = { TWINTONE_ROLE: role, TWINTONE_EPOCH: String(epoch), TWINTONE_NODE: node, TWINTONE_WHY: why }
    const result = await runHook(program, [], { timeoutMs, env })
    if (result.outcome === 'ended' && result.exitCode === 0) return
    const how = result.outcome === 'ended' ? `exit code ${result.exitCode}` : result.why
    this.#log.warn({ program, role, how, stderr: result.stderr.slice(0, 500) }, 'role hook failed')
  }
}
