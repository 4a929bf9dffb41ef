import type { ServerOptions as TlsServerOptions } from 'node:https'
import type { Config } from '../base/config.ts'
import type { Door, DoorStatus } from '../status/snapshot.ts'
import type { CertificateKeeper } from '../tls/certificate-keeper.ts'
import { isWeak, profileOfPort } from '../tls/profiles.ts'
import type { RouteParts } from './file-routes.ts'
import { WebDoor, type Encryption } from './web-door.ts'

/** HTTP on each address and port of the settings. */
export class HttpDoor extends WebDoor {}

export interface HttpsParts extends RouteParts {
  /** Started before the door. */
  certificates: CertificateKeeper
}

/** HTTPS likewise, with a TLS profile for each port and certificates that can be read afresh while it runs. */
export class HttpsDoor implements Door, Encryption {
  readonly name = 'https'
  readonly #settings: Config['https']
  readonly #parts: HttpsParts
  readonly #door: WebDoor

  constructor(settings: Config['https'], parts: HttpsParts) {
    this.#settings = settings
    this.#parts = parts
    this.#door = new WebDoor(settings, parts, this)
    parts.certificates.onRenewed(() => this.#door.renewEncryption())
  }

  /** @throws Error that names the port that cannot be used */
  async start(): Promise<void> {
    for (const port of this.#settings.ports) {
      const profile = profileOfPort(this.#settings, port)
      if (isWeak(profile)) this.#parts.log.warn({ port, profile }, 'weak TLS profile')
    }
    await this.#door.start()
  }

  stop(grace: AbortSignal): Promise<void> {
    return this.#door.stop(grace)
  }

  reopen(port: number): Promise<DoorStatus[]> {
    return this.#door.reopen(port)
  }

  status(): DoorStatus[] {
    return this.#door.status()
  }

  statusOf(port: number): NonNullable<DoorStatus['tls']> {
    const profile = profileOfPort(this.#settings, port)
    return { profile, weak: isWeak(profile) }
  }

  optionsOf(port: number): TlsServerOptions {
    const { handshakeTimeoutMs, clientAuth } = this.#settings
    const { certificates } = this.#parts
    const profile = profileOfPort(this.#settings, port)
    return {
      ...certificates.contextOptions(profile),
      SNICallback: (name, done) => done(null, certificates.contextFor(profile, name)),
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
    }
  }
}
