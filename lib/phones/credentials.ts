import { createHmac, randomBytes } from 'node:crypto'
import type { Alarms } from '../base/alarms.ts'
import { Attempts, type AttemptRules } from '../base/attempts.ts'
import type { Clock } from '../base/clock.ts'
import { fewAtOnce } from '../base/few-at-once.ts'
import type { Log } from '../base/log.ts'
import { nobodysHash, verifyPassword } from '../base/password-hash.ts'
import { runHook } from '../base/run-hook.ts'
import { parseBasicAuthorization, type Claim } from './basic-authorization.ts'
import { CredentialsFile } from './credentials-file.ts'

export interface CredentialSettings {
  /** Path; empty: none. */
  credentialsFile: string
  /** Path of a program that is asked instead; empty: none. */
  credentialsCommand: string
}

export interface CredentialParts {
  alarms: Alarms
  clock: Clock
  log: Log
}

/** Many phones may share an address behind NAT, and one of them may have a stale password. */
const credentialRules: AttemptRules = {
  free: 5,
  firstDelayMs: 250,
  longestDelayMs: 4_000,
  mostFailures: 50,
  banMs: 60_000,
  forgetMs: 30_000,
  mostAddresses: 10_000,
}

/** A phone asks for several files in a row: it is looked at once. */
const rememberedMs = 300_000
const mostRemembered = 20_000
const commandTimeoutMs = 5_000
/** Hashing takes the threads that files are read by, and programs take the machine: not all of it. */
const mostAtOnce = 2

/** Whether a phone is registered as the extension it claims, by call server and registration password. */
export class Credentials {
  readonly #settings: CredentialSettings
  readonly #parts: CredentialParts
  readonly #file: CredentialsFile
  readonly #attempts: Attempts
  readonly #inTurn = fewAtOnce(mostAtOnce)
  /** Until when; by a keyed hash, so that no password stays in memory. Oldest first. */
  readonly #verified = new Map<string, number>()
  readonly #key = randomBytes(32)
  readonly #nobody = nobodysHash()

  constructor(settings: CredentialSettings, parts: CredentialParts, rules = credentialRules) {
    this.#settings = settings
    this.#parts = parts
    this.#file = new CredentialsFile(settings.credentialsFile, parts)
    this.#attempts = new Attempts(rules)
  }

  /**
   * @param authorization the header as it came; it is repeated nowhere
   * @param address the caller, whom failures cost time
   */
  async verify(
    extension: string,
    authorization: string | undefined,
    address: string,
  ): Promise<'yes' | 'no' | 'missing'> {
    if (authorization === undefined) return 'missing'
    const claim = parseBasicAuthorization(authorization)
    if (claim === undefined) return 'no'
    this.#file.refresh()
    const token = this.#tokenOf(extension, claim)
    if (this.#isVerified(token)) return 'yes'
    const answer = await this.#inTurn(async () => {
      // While it waited, the same question may have been answered, or one too many.
      if (this.#isVerified(token)) return 'right'
      if (this.#attempts.isBanned(address, this.#parts.clock.now())) return 'not looked at'
      const found = await this.#lookAt(extension, claim)
      if (found === 'right') this.#remember(token)
      return found
    })
    if (answer === 'wrong') await this.#failed(address)
    return answer === 'right' ? 'yes' : 'no'
  }

  async #lookAt(extension: string, claim: Claim): Promise<Answer> {
    if (this.#settings.credentialsCommand !== '') return this.#askCommand(extension, claim)
    const hash = this.#file.hashFor(extension, claim.callServer)
    // An extension that nobody has takes as long as one that somebody has.
    return (await verifyPassword(hash ?? this.#nobody, claim.password)) ? 'right' : 'wrong'
  }

  async #askCommand(extension: string, { callServer, password }: Claim): Promise<Answer> {
    const program = this.#settings.credentialsCommand
    const env = { EXTENSION: extension, CALL_SERVER: callServer, PASSWORD: password }
    const result = await runHook(program, [], { timeoutMs: commandTimeoutMs, env })
    const subject = `credentials command ${program}`
    if (result.outcome !== 'ended') {
      this.#parts.alarms.raise(
        subject,
        `${program}: ${result.outcome}, ${result.why}; no phone is let in by credentials`,
      )
      return 'not looked at'
    }
    this.#parts.alarms.clear(subject)
    return result.exitCode === 0 ? 'right' : 'wrong'
  }

  async #failed(address: string): Promise<void> {
    const { clock, log } = this.#parts
    const { delayMs, bannedNow } = this.#attempts.failed(address, clock.now())
    if (bannedNow) log.warn({ address }, 'credentials no longer looked at')
    if (delayMs > 0) await clock.sleep(delayMs)
  }

  #tokenOf(extension: string, { callServer, password }: Claim): string {
    const parts = [this.#file.generation, extension, callServer, password]
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64')
  }

  #isVerified(token: string): boolean {
    return this.#parts.clock.now() < (this.#verified.get(token) ?? -Infinity)
  }

  #remember(token: string): void {
    this.#verified.delete(token)
    this.#verified.set(token, this.#parts.clock.now() + rememberedMs)
    const [oldest] = this.#verified.keys()
    if (this.#verified.size > mostRemembered && oldest !== undefined) this.#verified.delete(oldest)
  }
}

type Answer = 'right' | 'wrong' | 'not looked at'
