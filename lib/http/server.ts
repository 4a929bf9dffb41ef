import type { ServerOptions as TlsServerOptions } from 'node:https'
import type { Alarms } from '../base/alarms.ts'
import type { Component } from '../base/component.ts'
import type { Config, TlsProfileName } from '../base/config.ts'
import type { DoorStatus } from '../status/snapshot.ts'
import { Certificates, type CertificateInUse } from './certificates.ts'
import type { RouteParts } from './file-routes.ts'
import { isWeak } from './tls-profiles.ts'
import { WebDoor, type Encryption } from './web-door.ts'

/** HTTP on each address and port of the settings. */
export class HttpDoor extends WebDoor {}

export interface HttpsParts extends RouteParts {
  alarms: Alarms
}

/** HTTPS likewise, with a TLS profile for each port and certificates that can be read afresh while it runs. */
export class HttpsDoor implements Component, Encryption {
  readonly name = 'https'
  readonly #settings: Config['https']
  readonly #parts: HttpsParts
  readonly #door: WebDoor
  #certificates: Certificates | undefined
  #cancelExpiryCheck = () => {}

  constructor(settings: Config['https'], parts: HttpsParts) {
    this.#settings = settings
    this.#parts = parts
    this.#door = new WebDoor(settings, parts, this)
  }

  /** @throws Error that names the certificate, key or port that cannot be used */
  async start(): Promise<void> {
    this.#certificates = this.#readCertificates()
    for (const port of this.#settings.ports) {
      const profile = this.#profileOf(port)
      if (isWeak(profile)) this.#parts.log.warn({ port, profile }, 'weak TLS profile')
    }
    await this.#door.start()
    this.#checkExpiry()
  }

  async stop(grace: AbortSignal): Promise<void> {
    this.#cancelExpiryCheck()
    await this.#door.stop(grace)
  }

  /**
   * Reads certificates and keys afresh; connections that are open keep theirs.
   * @throws Error that says what is wrong with the new ones; the old ones stay
   */
  reload(): void {
    this.#certificates = this.#readCertificates()
    this.#door.renewEncryption()
    this.#checkExpiry()
  }

  /** The certificates in use, the default one first. */
  certificates(): CertificateInUse[] {
    return this.#certificates?.list(this.#parts.clock.wallTime()) ?? []
  }

  status(): DoorStatus[] {
    return this.#door.status()
  }

  statusOf(port: number): NonNullable<DoorStatus['tls']> {
    const profile = this.#profileOf(port)
    return { profile, weak: isWeak(profile) }
  }

  optionsOf(port: number): TlsServerOptions {
    const { handshakeTimeoutMs, clientAuth } = this.#settings
    const profile = this.#profileOf(port)
    return {
      ...this.#certificates?.contextOptions(profile),
      SNICallback: (name, done) => done(null, this.#certificates?.contextFor(profile, name)),
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
    }
  }

  #profileOf(port: number): TlsProfileName {
    return this.#settings.profileOfPort[String(port)] ?? this.#settings.profile
  }

  #readCertificates(): Certificates {
    const certificates = new Certificates(
      this.#settings,
      this.#settings.ports.map((port) => this.#profileOf(port)),
    )
    for (const { file, keyReadableByGroup } of certificates.pairs) {
      if (keyReadableByGroup) this.#parts.log.warn({ certificate: file }, 'private key readable by its group')
    }
    return certificates
  }

  /** Now and once a day: an alarm for each certificate that ends soon or has ended, none for the others. */
  #checkExpiry(): void {
    const { alarms, clock } = this.#parts
    for (const { file, validTo, daysLeft } of this.certificates()) {
      const subject = `certificate ${file}`
      const ends = daysLeft < 0 ? `ended on ${validTo}` : `ends in ${daysLeft} days, on ${validTo}`
      if (daysLeft >= this.#settings.expiryWarningDays) alarms.clear(subject)
      else alarms.raise(subject, `the certificate ${file} ${ends}; renew it, then \`twintone reload\``)
    }
    this.#cancelExpiryCheck()
    this.#cancelExpiryCheck = clock.after(86_400_000, () => this.#checkExpiry())
  }
}
