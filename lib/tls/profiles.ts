import { constants } from 'node:crypto'
import type { SecureContextOptions } from 'node:tls'
import type { Config } from '../base/config.ts'
import type { TlsProfileName } from '../base/settings/fields.ts'

/**
 * What each profile offers. SSLv2, SSLv3, RC4, 3DES, export and anonymous suites are in none: OpenSSL as Node brings
 * it no longer has them, or we do not name them. DHE is in none either: ECDHE and RSA serve the same phones without
 * the load that DHE lets a client put on us.
 */
export function profileOptions(profile: TlsProfileName): SecureContextOptions {
  return { ...profiles[profile], secureOptions }
}

/** The profile of one of the ports of HTTPS. */
export const profileOfPort = (
  { profile, profileOfPort: own }: Pick<Config['https'], 'profile' | 'profileOfPort'>,
  port: number,
): TlsProfileName => own[String(port)] ?? profile

/** Weak profiles must be chosen by name and are shown as such. */
export const isWeak = (profile: TlsProfileName): boolean => profile !== 'modern'

// Renegotiation lets a client demand handshakes for nothing (d74). That the server's order of suites decides is
// Node's default.
const secureOptions = constants.SSL_OP_NO_RENEGOTIATION

const tls13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

const forwardSecret = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/**
 * For phones that speak TLS 1.2 but no AEAD or no elliptic curves (96x1): CBC, SHA-1 as a MAC and RSA key exchange
 * are out of fashion, not broken where the server does what OpenSSL does.
 */
const olderPhones = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA256',
  'AES256-SHA256',
]

/** TLS 1.0 and 1.1 sign with SHA-1, which OpenSSL only does at security level 0. */
const anyStrength = '@SECLEVEL=0'

const profiles: Record<TlsProfileName, SecureContextOptions> = {
  modern: {
    minVersion: 'TLSv1.2',
    ciphers: [...tls13, ...forwardSecret, ...olderPhones].join(':'),
  },
  legacy: {
    minVersion: 'TLSv1',
    ciphers: [...tls13, ...forwardSecret, ...olderPhones, 'AES128-SHA', 'AES256-SHA', anyStrength].join(':'),
  },
  // Integrity and proof of who the server is, in clear text: "authenticate only" in the words of old Avaya phones,
  // which ask for NULL-SHA by name. TLS 1.3 would bring suites that encrypt.
  'authenticate-only': {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.2',
    ciphers: ['NULL-SHA', 'NULL-SHA256', anyStrength].join(':'),
  },
}
