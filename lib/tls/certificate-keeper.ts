import type { SecureContext, SecureContextOptions } from 'node:tls'
import type { Alarms } from '../base/alarms.ts'
import type { Clock } from '../base/clock.ts'
import type { Component } from '../base/component.ts'
import type { Log } from '../base/log.ts'
import type { TlsProfileName } from '../base/settings/fields.ts'
import { Certificates, type CertificateInUse, type CertificateSettings } from './certificates.ts'

export interface CertificateRules extends CertificateSettings {
  /** Warn this many days before a certificate ends. */
  expiryWarningDays: number
}

export interface KeeperParts {
  alarms: Alarms
  clock: Clock
  log: Log
}

/** The certificates of all doors: read at the start and on demand, and watched until they end. */
export class CertificateKeeper implements Component {
  readonly name = 'certificates'
  readonly #rules: CertificateRules
  readonly #profiles: readonly TlsProfileName[]
  readonly #parts: KeeperParts
  readonly #listeners = new Set<() => void>()
  #current: Certificates | undefined
  #cancelExpiryCheck = () => {}

  /** @param profiles those that doors will ask for */
  constructor(rules: CertificateRules, profiles: Iterable<TlsProfileName>, parts: KeeperParts) {
    this.#rules = rules
    this.#profiles = [...new Set(profiles)]
    this.#parts = parts
  }

  /** @throws Error that names the certificate or key that cannot be used */
  async start(): Promise<void> {
    this.#current = this.#read()
    this.#checkExpiry()
  }

  async stop(): Promise<void> {
    this.#cancelExpiryCheck()
  }

  /**
   * Reads certificates and keys afresh; connections that are open keep theirs.
   * @throws Error that says what is wrong with the new ones; the old ones stay
   */
  reload(): void {
    this.#current = this.#read()
    for (const tell of this.#listeners) tell()
    this.#checkExpiry()
  }

  /** Calls `listener` after each reload. */
  onRenewed(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** What a server of this profile presents by itself. */
  contextOptions(profile: TlsProfileName): SecureContextOptions {
    if (this.#current === undefined) throw new Error('the certificates are read before any door opens')
    return this.#current.contextOptions(profile)
  }

  /** The certificate for a name a client asks for (SNI); undefined: none, hence the default one. */
  contextFor(profile: TlsProfileName, serverName: string): SecureContext | undefined {
    return this.#current?.contextFor(profile, serverName)
  }

  /** The certificates in use, the default one first. */
  list(): CertificateInUse[] {
    return this.#current?.list(this.#parts.clock.wallTime()) ?? []
  }

  #read(): Certificates {
    const certificates = new Certificates(this.#rules, this.#profiles)
    for (const { file, keyReadableByGroup } of certificates.pairs) {
      if (keyReadableByGroup) this.#parts.log.warn({ certificate: file }, 'private key readable by its group')
    }
    return certificates
  }

  /** Now and once a day: an alarm for each certificate that ends soon or has ended, none for the others. */
  #checkExpiry(): void {
    const { alarms, clock } = this.#parts
    for (const { file, validTo, daysLeft } of this.list()) {
      const subject = `certificate ${file}`
      const ends = daysLeft < 0 ? `ended on ${validTo}` : `ends in ${daysLeft} days, on ${validTo}`
      if (daysLeft >= this.#rules.expiryWarningDays) alarms.clear(subject)
      else alarms.raise(subject, `the certificate ${file} ${ends}; renew it, then \`twintone reload\``)
    }
    this.#cancelExpiryCheck()
    this.#cancelExpiryCheck = clock.after(86_400_000, () => this.#checkExpiry())
  }
}
