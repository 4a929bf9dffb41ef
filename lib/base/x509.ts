import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { Extension, JsonGeneralNames } from '@peculiar/x509'

/**
 * The only file that imports @peculiar/x509. Its surprises (test/lib/base/self-signed.test.ts): it does not load
 * without a polyfill of Reflect metadata, of which it uses nothing we need; it takes 0.2 s to load, so it is loaded
 * when it is called for; a name given as text is parsed as LDAP, so it is given as data.
 */

export interface CertificateAndKey {
  /** PEM. */
  certificate: string
  /** PKCS #8 in PEM. */
  key: string
}

export interface CertificateWish {
  commonName: string
  /** Host names and addresses that it is for. */
  names: readonly string[]
  /** From now; it is valid from a day ago, since clocks are not always right. */
  days: number
  keys: { name: 'RSA'; bits: number } | { name: 'ECDSA' }
  /** May sign other certificates, of servers and clients. */
  signs: boolean
  /** Proves who a server or a client is. */
  identifies: boolean
}

/** Makes a key and a certificate for it. Without an issuer it vouches for itself; it never outlives its issuer. */
export async function makeCertificate(
  wish: CertificateWish,
  issuer?: CertificateAndKey,
): Promise<CertificateAndKey> {
  const x509 = await loadX509()
  const { signing, generation } = algorithms(wish.keys)
  const keys = await crypto.subtle.generateKey(generation, true, ['sign', 'verify'])
  const from = issuer === undefined ? undefined : new x509.X509Certificate(issuer.certificate)
  const subject = [{ CN: [wish.commonName] }]
  const now = Date.now()
  const notAfter = new Date(Math.min(now + wish.days * dayMs, from?.notAfter.getTime() ?? Infinity))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    subject,
    issuer: from?.subjectName ?? subject,
    notBefore: new Date(now - dayMs),
    notAfter,
    publicKey: keys.publicKey,
    signingKey: issuer === undefined ? keys.privateKey : await signingKeyOf(issuer),
    signingAlgorithm: issuer === undefined ? signing : ecdsa,
    extensions: [
      ...usesOf(x509, wish),
      ...(wish.names.length === 0
        ? []
        : [new x509.SubjectAlternativeNameExtension(wish.names.map(alternativeName))]),
      ...(from === undefined ? [] : [await x509.AuthorityKeyIdentifierExtension.create(from.publicKey)]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { certificate: `${certificate.toString('pem')}\n`, key: `${key}\n` }
}

const dayMs = 86_400_000
const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
const ecdsa = { name: 'ECDSA', hash: 'SHA-256' }
const curve = { name: 'ECDSA', namedCurve: 'P-256' }

const algorithms = (keys: CertificateWish['keys']) =>
  keys.name === 'ECDSA'
    ? { signing: ecdsa, generation: curve }
    : {
        signing: rsa,
        generation: { ...rsa, modulusLength: keys.bits, publicExponent: new Uint8Array([1, 0, 1]) },
      }

/** Our authorities have keys on the curve P-256. */
const signingKeyOf = ({ key }: CertificateAndKey) =>
  crypto.subtle.importKey(
    'pkcs8',
    Buffer.from(key.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64'),
    curve,
    false,
    ['sign'],
  )

type X509 = Awaited<ReturnType<typeof loadX509>>

function usesOf(x509: X509, { signs, identifies, keys }: CertificateWish): Extension[] {
  const { digitalSignature, keyEncipherment, keyCertSign } = x509.KeyUsageFlags
  const identifying = keys.name === 'RSA' ? digitalSignature | keyEncipherment : digitalSignature
  return [
    new x509.BasicConstraintsExtension(signs, signs ? 0 : undefined, true),
    new x509.KeyUsagesExtension((identifies ? identifying : 0) | (signs ? keyCertSign : 0), true),
    ...(identifies
      ? [
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.serverAuth,
            x509.ExtendedKeyUsage.clientAuth,
          ]),
        ]
      : []),
  ]
}

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
