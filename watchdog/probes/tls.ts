import type { Socket } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { TlsProfileName } from '../../lib/base/settings/fields.ts'
import type { Attempt } from './attempt.ts'
import { Missed } from './attempt.ts'

/**
 * How a client of today agrees on TLS: with what Node offers. Who the server is, is not proven: we ask on loopback, and
 * its certificate is for the name that phones use.
 */
export function tlsOptions(profile: TlsProfileName): ConnectionOptions {
  const trusting = { rejectUnauthorized: false }
  if (profile !== 'authenticate-only') return trusting
  // Such a port speaks with no client of today; NULL suites need security level 0.
  return {
    ...trusting,
    ciphers: 'NULL-SHA:NULL-SHA256:@SECLEVEL=0',
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.2',
  }
}

/** Begins TLS as a client on a connection that stands. @returns once it is agreed on */
export async function secure(socket: Socket, options: ConnectionOptions): Promise<TLSSocket> {
  const encrypted = connect({ ...options, socket })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  encrypted.once('secureConnect', resolve)
  encrypted.on('error', reject) // and stays: what comes later is told by 'close'
  encrypted.once('close', () => reject(new Missed('the connection was cut off before TLS was agreed on')))
  await promise
  return encrypted
}

/** A certificate as the server showed it. */
export interface Shown {
  names: readonly string[]
  validFrom: Date
  validTo: Date
}

/** @throws Missed when nothing readable was shown */
function shownBy(socket: TLSSocket): Shown {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw new Missed('no certificate was shown')
  const alternatives = certificate.subjectAltName?.split(/,\s*/).map((name) => name.replace(/^[^:]*:/, ''))
  const common = /^CN=(.*)$/m.exec(certificate.subject ?? '')?.[1]
  return {
    names: alternatives ?? (common === undefined ? [] : [common]),
    validFrom: certificate.validFromDate,
    validTo: certificate.validToDate,
  }
}

const dayMs = 86_400_000

/** What a person should know of it, now. @throws Missed when phones that look at dates no longer take it */
export function concernAbout(
  { names, validFrom, validTo }: Shown,
  now: Date,
  warningDays: number,
): string | undefined {
  const which = `the certificate of ${names.join(', ') || 'no name'}`
  if (now > validTo) throw new Missed(`${which} ended on ${validTo.toISOString().slice(0, 10)}`)
  if (now < validFrom)
    throw new Missed(
      `${which} is not valid before ${validFrom.toISOString()}; is this machine's clock right?`,
    )
  const days = Math.floor((validTo.getTime() - now.getTime()) / dayMs)
  return days < warningDays ? `${which} ends in ${days} ${days === 1 ? 'day' : 'days'}` : undefined
}

/** Looks at what the server of this connection shows, once in a run. */
export function lookAtCertificate(
  attempt: Attempt,
  socket: TLSSocket,
  { now, warningDays }: { now: Date; warningDays: number },
): void {
  const concern = concernAbout(shownBy(socket), now, warningDays)
  if (concern !== undefined && !attempt.warnings.includes(concern)) attempt.warnings.push(concern)
}
