import type { Config } from '../lib/base/config.ts'
import type { TlsProfileName } from '../lib/base/settings/fields.ts'
import { profileOfPort } from '../lib/tls/profiles.ts'

/** The TLS profiles that the doors of these settings offer; none: no certificate is needed. */
export function profilesOf({ https, ftp }: Config): TlsProfileName[] {
  const ofHttps = https.ports.map((port) => profileOfPort(https, port))
  const ftpEncrypts = ftp.enabled && (ftp.explicitTls || ftp.implicitTlsPorts.length > 0)
  return [...new Set([...(https.enabled ? ofHttps : []), ...(ftpEncrypts ? [ftp.profile] : [])])]
}
