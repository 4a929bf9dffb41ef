import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { JsonGeneralNames } from '@peculiar/x509'

/**
 * The only file that imports @peculiar/x509. Its surprises (test/lib/base/self-signed.test.ts): it does not load
 * without a polyfill of Reflect metadata, of which it uses nothing we need; it takes 0.2 s to load, so it is loaded
 * when it is called for; a name given as text is parsed as LDAP, so it is given as data.
 */

export interface SelfSigned {
  /** PEM. */
  certificate: string
  /** PKCS #8 in PEM. */
  key: string
}

/**
 * A certificate that vouches for itself, as an authority that phones can be told to trust. RSA, since old phones
 * know nothing else; valid from a day ago, since their clocks are not always right.
 * @param names host names and addresses; the first is also its common name
 */
export async function makeSelfSigned({
  names,
  days,
  rsaBits = 2048,
}: {
  names: readonly string[]
  days: number
  rsaBits?: number
}): Promise<SelfSigned> {
  const x509 = await loadX509()
  const keys = await crypto.subtle.generateKey({ ...algorithm, modulusLength: rsaBits }, true, [
    'sign',
    'verify',
  ])
  const now = Date.now()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    name: [{ CN: [names[0] ?? 'twintone'] }],
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + days * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature |
          x509.KeyUsageFlags.keyEncipherment |
          x509.KeyUsageFlags.keyCertSign,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(names.map(alternativeName)),
    ],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` }
}

const dayMs = 86_400_000
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) }

const alternativeName = (name: string): JsonGeneralNames[number] => ({
  type: isIP(name) === 0 ? 'dns' : 'ip',
  value: name,
})

async function loadX509() {
  const nothing = { getMetadata: () => undefined, getOwnMetadata: () => undefined, defineMetadata: () => {} }
  for (const [name, value] of Object.entries(nothing)) {
    if (!(name in Reflect)) Object.defineProperty(Reflect, name, { value, configurable: true })
  }
  return import('@peculiar/x509')
}
