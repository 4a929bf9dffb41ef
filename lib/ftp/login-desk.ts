import { Attempts, type AttemptRules } from '../base/attempts.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Refusal } from '../files/refusal.ts'
import type { FtpCaller, Logins, View } from '../files/view.ts'
import type { Activity } from '../status/activity.ts'
import { replies } from './replies.ts'
import type { Result } from './state.ts'

export interface DeskParts {
  logins: Logins
  /** Whose failed logins are no attack. */
  isWatchdog?: (address: string) => boolean
  activity: Pick<Activity, 'begin'>
  clock: Clock
  log: Log
}

export type LoginResult =
  | { view: View; result: Result }
  /** Nobody was let in. */
  | { view: undefined; result: Result }

/** A phone that does not answer SNMP tries again on its own: it must find the door open soon after it is mended. */
const loginRules: AttemptRules = {
  free: 0,
  firstDelayMs: 250,
  longestDelayMs: 8_000,
  mostFailures: 20,
  banMs: 300_000,
  forgetMs: 30_000,
  mostAddresses: 10_000,
}

/** Lets people in who may, and makes trying dear. */
export class LoginDesk {
  readonly #parts: DeskParts
  readonly #attempts = new Attempts(loginRules)

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  isBanned(address: string): boolean {
    return this.#attempts.isBanned(address, this.#parts.clock.now())
  }

  mayAskPassword(caller: FtpCaller, name: string): boolean {
    return this.#parts.logins.mayAskPassword(caller, name)
  }

  /** A refusal takes its time, unless the client has `gone`. Never rejects. */
  async login(caller: FtpCaller, name: string, password: string, gone: AbortSignal): Promise<LoginResult> {
    const { logins, log } = this.#parts
    const { address } = caller
    if (this.isBanned(address)) return { view: undefined, result: { type: 'banned' } }
    try {
      const view = await logins.login(caller, name, password)
      const { kind, who } = view
      log.debug({ address, who }, 'ftp login')
      return { view, result: { type: 'loggedIn', as: kind, who } }
    } catch (error) {
      if (error instanceof Refusal) return await this.#refused(caller, error, gone)
      log.error({ address, err: error }, 'ftp login failed')
      return { view: undefined, result: { type: 'failed' } }
    }
  }

  async #refused(
    { address, port }: FtpCaller,
    { reason, detail }: Refusal,
    gone: AbortSignal,
  ): Promise<LoginResult> {
    const { activity, clock, log } = this.#parts
    activity
      .begin({ protocol: 'ftp', address, port, asked: 'login' })
      .end({ result: 'refused', bytes: 0, reason, detail, code: replies.loginFirst.code })
    const isOurs = reason === 'busy' || reason === 'notActive'
    if (!isOurs && this.#parts.isWatchdog?.(address) !== true) {
      const { delayMs, bannedNow } = this.#attempts.failed(address, clock.now())
      const seconds = Math.ceil(this.#attempts.bannedForMs(address, clock.now()) / 1_000)
      if (bannedNow) log.warn({ address, seconds }, 'ftp address banned')
      await clock.sleep(delayMs, gone).catch(() => {}) // gone: nobody is there to hear the result
    }
    return { view: undefined, result: { type: 'refused', reason, detail } }
  }
}
