import { Attempts, type AttemptRules } from '../base/attempts.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { verifyPassword } from '../base/password-hash.ts'
import type { Caller } from '../files/caller.ts'
import { Refusal } from '../files/refusal.ts'
import type { Admission } from '../files/admission.ts'
import { allSlotsTaken } from '../files/policy.ts'
import type { ProbeFiles } from '../files/probe-files.ts'
import type { FtpCaller, Logins, View } from '../files/view.ts'
import type { Clock } from '../base/clock.ts'
import { parseAddressRange, rangeHolds, type AddressRange } from '../phones/address.ts'
import type { UserAccess } from './access.ts'
import { PhoneView, type PhoneViewParts } from './phone-view.ts'
import { SuperUserView, type SuperUserParts } from './super-user-view.ts'

export interface LoginParts extends PhoneViewParts, SuperUserParts {
  access: UserAccess
  admission: Admission
  probes: ProbeFiles
  clock: Clock
  log: Log
}

/**
 * Where a phone answers, a wrong password ends in its login, which the door takes for a success. So it is counted here
 * how often an address was wrong; beyond the limit its passwords are not looked at for a while.
 */
const passwordRules: AttemptRules = {
  free: 0,
  firstDelayMs: 0,
  longestDelayMs: 0,
  mostFailures: 10,
  banMs: 300_000,
  forgetMs: 60_000,
  mostAddresses: 10_000,
}

/** Who may log in by FTP, and what they see then. */
export class UserLogins implements Logins {
  readonly #superUser: Config['superUser']
  readonly #networks: readonly AddressRange[]
  readonly #parts: LoginParts
  readonly #attempts = new Attempts(passwordRules)

  /** @throws Error with a sentence when a network of the super user cannot be read */
  constructor(superUser: Config['superUser'], parts: LoginParts) {
    this.#superUser = superUser
    this.#networks = superUser.networks.map(parseAddressRange)
    this.#parts = parts
  }

  mayAskPassword(caller: FtpCaller, name: string): boolean {
    return !this.#isSuperUser(caller, name) || caller.encrypted || !this.#superUser.requireTls
  }

  /**
   * A wrong password of the super user ends in the question to the phone, like any other name, so that nobody learns
   * which name it was that counted; both are under way at once, so that time tells nothing either.
   */
  async login(caller: FtpCaller, name: string, password: string): Promise<View> {
    const who: Caller = { protocol: 'ftp', address: caller.address, port: caller.port }
    const asking = this.#phone(who, caller.localAddress, name)
    asking.catch(() => {}) // it may fail while the password is still being looked at
    if (await this.#isSuperUsersPassword(caller, name, password)) {
      this.#parts.log.info({ address: caller.address, name }, 'super user logged in')
      return new SuperUserView(who, name, this.#parts)
    }
    return asking
  }

  async #phone(caller: Caller, localAddress: string, name: string): Promise<View> {
    const { access, admission, clock, probes } = this.#parts
    const proof = await access.prove(caller, { localAddress })
    // The watchdog asks whether phones are served: it takes no phone's place.
    const isWatchdog =
      probes.isWatchdog(caller.address) ||
      probes.isUser(name) ||
      (proof.by === 'snmp' && probes.isUser(proof.phone.extension))
    if (!isWatchdog && !admission.admit(caller.address, clock.now())) throw new Refusal('busy', allSlotsTaken)
    return new PhoneView(caller, proof, this.#parts)
  }

  async #isSuperUsersPassword(caller: FtpCaller, name: string, password: string): Promise<boolean> {
    if (!this.#isSuperUser(caller, name) || !this.mayAskPassword(caller, name)) return false
    const { clock, log } = this.#parts
    const { address } = caller
    if (this.#attempts.isBanned(address, clock.now())) return false
    if (await verifyPassword(this.#superUser.password, password)) return true
    const { bannedNow } = this.#attempts.failed(address, clock.now())
    log.warn({ address, bannedNow }, 'super user refused')
    return false
  }

  #isSuperUser({ address }: FtpCaller, name: string): boolean {
    return (
      this.#superUser.password !== '' &&
      name === this.#superUser.name &&
      this.#networks.some((network) => rangeHolds(network, address))
    )
  }
}
