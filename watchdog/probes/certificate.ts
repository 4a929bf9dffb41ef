import type { Config } from '../../lib/base/config.ts'
import type { TlsProfileName } from '../../lib/base/settings/fields.ts'
import type { Probe } from '../probe.ts'
import { dial } from './dial.ts'
import { probeOf, type ProbeParts } from './parts.ts'
import { targetOf } from './target.ts'
import { lookAtCertificate, secure, tlsOptions } from './tls.ts'

/**
 * Looks at the certificate that a port shows. A probe of its own: when it has ended, phones are hurt, but no door opened
 * anew and no restart would mend it.
 */
export function certificateProbe(protocol: 'https' | 'ftps', port: number, parts: ProbeParts): Probe {
  const { config, clock } = parts
  const { addresses, profile } =
    protocol === 'https' ? { ...config.https, profile: profileOf(config.https, port) } : config.ftp
  const target = targetOf(addresses, port, config.watchdog.address)
  const identity = {
    name: `certificate of ${protocol} ${port}`,
    about: { kind: 'machine' },
    dependsOn: [`${protocol} ${port}`],
  } as const
  return probeOf(identity, parts, async (attempt) => {
    attempt.ask(`TLS with port ${port}`)
    const socket = await dial(attempt, target)
    try {
      const encrypted = await attempt.phase('tls', () => secure(socket, tlsOptions(profile)))
      const rules = { now: clock.wallTime(), warningDays: config.https.expiryWarningDays }
      lookAtCertificate(attempt, encrypted, rules)
    } finally {
      socket.destroy()
    }
  })
}

export const profileOf = ({ profile, profileOfPort }: Config['https'], port: number): TlsProfileName =>
  profileOfPort[String(port)] ?? profile
