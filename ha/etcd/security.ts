import { readFile } from 'node:fs/promises'
import { messageOf } from '../../lib/base/message-of.ts'

/** How we prove to etcd who we are, and it to us. */
export interface Security {
  /** Undefined: no TLS. */
  tls: { rootCertificate: Buffer; certChain?: Buffer; privateKey?: Buffer } | undefined
  login: { username: string; password: string } | undefined
}

export interface SecuritySettings {
  /** PEM files; empty: none. */
  ca: string
  certificate: string
  key: string
  /** Empty: no login. */
  user: string
  password: string
}

/** @throws Error naming the setting when a file cannot be used */
export async function readSecurity(settings: SecuritySettings): Promise<Security> {
  const { user, password, ca, certificate, key } = settings
  const login = user === '' ? undefined : { username: user, password }
  if (ca === '') {
    if (certificate !== '' || key !== '') {
      throw new Error(
        'pairEtcd.certificate and pairEtcd.key need pairEtcd.ca, the authority of the etcd members',
      )
    }
    return { tls: undefined, login }
  }
  if ((certificate === '') !== (key === '')) {
    throw new Error('pairEtcd.certificate and pairEtcd.key go together; set both, or none')
  }
  const rootCertificate = await readPem('pairEtcd.ca', ca)
  if (certificate === '') return { tls: { rootCertificate }, login }
  const certChain = await readPem('pairEtcd.certificate', certificate)
  return { tls: { rootCertificate, certChain, privateKey: await readPem('pairEtcd.key', key) }, login }
}

async function readPem(setting: string, path: string): Promise<Buffer> {
  try {
    const text = await readFile(path)
    if (!text.includes('-----BEGIN ')) throw new Error('it is no PEM file')
    return text
  } catch (cause) {
    throw new Error(`${setting}: ${path} cannot be used: ${messageOf(cause)}`, { cause })
  }
}
