import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Config } from '../base/config.ts'
import type { TlsProfileName } from '../base/settings/fields.ts'
import type { CertificateStatus } from '../status/snapshot.ts'
import { readKeyPair, readKeyPairs, type KeyPair } from './key-pair.ts'
import { profileOptions } from './profiles.ts'

/** A certificate in use. */
export interface CertificateInUse extends CertificateStatus {
  subject: string
  /** Shown to clients that ask for no name, or for one we have no certificate for. */
  default: boolean
}

export type CertificateSettings = Pick<
  Config['https'],
  'certificate' | 'key' | 'certsFolder' | 'clientAuth' | 'clientCa'
>

/** The certificates as they were read last: complete and usable with every profile, or not made at all. */
export class Certificates {
  /** The default one first. */
  readonly pairs: readonly KeyPair[]
  readonly #ca: string | undefined
  readonly #contexts = new Map<TlsProfileName, Map<KeyPair, SecureContext>>()

  /** @throws Error that names the file and what is wrong with it */
  constructor(settings: CertificateSettings, profiles: Iterable<TlsProfileName>) {
    const first = readKeyPair(settings.certificate, settings.key)
    const others = settings.certsFolder === '' ? [] : readKeyPairs(settings.certsFolder)
    this.pairs = [first, ...others.filter(({ file }) => file !== first.file)]
    this.#ca = settings.clientAuth === 'none' ? undefined : readAuthorities(settings.clientCa)
    for (const profile of profiles) this.#contexts.set(profile, this.#contextsOf(profile))
  }

  /** What a server of this profile presents by itself. */
  contextOptions(profile: TlsProfileName, pair = this.#default): SecureContextOptions {
    const { certificate: cert, key } = pair
    const options = { ...profileOptions(profile), cert, key }
    return this.#ca === undefined ? options : { ...options, ca: this.#ca }
  }

  /** The certificate for a name a client asks for (SNI, RFC 6066, 3); undefined: none, hence the default one. */
  contextFor(profile: TlsProfileName, serverName: string): SecureContext | undefined {
    const pair = this.pairs.find(({ x509 }) => x509.checkHost(serverName) !== undefined)
    return pair === undefined ? undefined : this.#contexts.get(profile)?.get(pair)
  }

  list(now: Date): CertificateInUse[] {
    return this.pairs.map(({ file, x509 }, index) => ({
      file,
      subject: x509.subject,
      names: namesOf(x509.subjectAltName ?? ''),
      validTo: x509.validToDate.toISOString(),
      daysLeft: Math.floor((x509.validToDate.getTime() - now.getTime()) / 86_400_000),
      default: index === 0,
    }))
  }

  #contextsOf(profile: TlsProfileName): Map<KeyPair, SecureContext> {
    return new Map(this.pairs.map((pair) => [pair, this.#context(profile, pair)]))
  }

  #context(profile: TlsProfileName, pair: KeyPair): SecureContext {
    try {
      return createSecureContext(this.contextOptions(profile, pair))
    } catch (cause) {
      throw new Error(`the certificate ${pair.file} cannot be used with the TLS profile ${profile}`, {
        cause,
      })
    }
  }

  get #default(): KeyPair {
    const [first] = this.pairs
    if (first === undefined) throw new Error('there is always a default certificate')
    return first
  }
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`https.clientCa: ${file} cannot be read`, { cause })
  }
}

/** `DNS:a, IP Address:10.0.0.1` as Node writes it. */
const namesOf = (subjectAltName: string) =>
  subjectAltName === '' ? [] : subjectAltName.split(', ').map((name) => name.replace(/^[^:]*:/, ''))
