import { basename } from 'node:path'
import type { Probe } from '../probe.ts'
import { Missed, type Attempt } from './attempt.ts'
import { FtpClient } from './ftp-client.ts'
import { announceBody, askHttp } from './http-request.ts'
import { probeOf, rarely, type ProbeParts } from './parts.ts'
import { networkHolds } from './policy.ts'
import { targetOf, type Target } from './target.ts'
import { readOverTftp, TftpRefused } from './tftp-client.ts'
import { tlsOptions } from './tls.ts'

/** What must be refused is refused. Being let in is the worst that can be found, and says so. */

/** Each is in the file server's log as a refusal, so they come seldom. */
const pathsEveryMs = 600_000
/** Each counts as a failed login of the address that it comes from. */
const passwordEveryMs = 3_600_000

const about = { kind: 'refusal' } as const

/** Of the first port of HTTP. */
export function httpRefusalsProbe(port: number, parts: ProbeParts): Probe {
  const { config, clock } = parts
  const target = targetOf(config.http.addresses, port, config.watchdog.address)
  const identity = { name: 'refusals over http', about, dependsOn: [`http ${port}`] }
  const probe = probeOf(identity, parts, async (attempt) => {
    for (const path of ['/../../etc/passwd', `/${basename(config.https.key)}`])
      await expectNoFile(attempt, target, path)
    attempt.ask(`PUT of 46xxsettings.txt on port ${port}`)
    // Only announced: where it were allowed, the settings of all phones would be gone.
    const question = { target, method: 'PUT', path: '/46xxsettings.txt' } as const
    const status = await announceBody(attempt, question, 10)
    if (!isRefusal(status)) throw new Missed(`${status}: ANYBODY MAY REPLACE WHAT PHONES ARE TOLD; it came`)
  })
  return rarely(probe, pathsEveryMs, clock)
}

async function expectNoFile(attempt: Attempt, target: Target, path: string): Promise<void> {
  attempt.ask(`GET of ${path} on port ${target.port}`)
  const { status } = await askHttp(attempt, { target, method: 'GET', path })
  if (!isRefusal(status)) throw new Missed(`${status}: A FILE THAT MUST NEVER LEAVE MAY BE FETCHED; it came`)
}

const isRefusal = (status: number) => status >= 400 && status <= 499

export function tftpRefusalsProbe(parts: ProbeParts): Probe {
  const { config, clock } = parts
  const { addresses, port } = config.tftp
  const target = targetOf(addresses, port, config.watchdog.address)
  const identity = { name: 'refusals over tftp', about, dependsOn: [`tftp ${port}`] }
  const probe = probeOf(identity, parts, async (attempt) => {
    attempt.ask(`TFTP ${port} of ../x`)
    try {
      await readOverTftp(attempt, target, '../x')
    } catch (error) {
      if (error instanceof TftpRefused) return
      throw error
    }
    throw new Missed('A FILE OUTSIDE OF THE DATA FOLDERS MAY BE FETCHED; it came')
  })
  return rarely(probe, pathsEveryMs, clock)
}

/**
 * A login as super user with a wrong password. Undefined where there is no super user, or none of our addresses is one
 * that the super user may come from: then no password would be looked at.
 */
export function passwordProbe(parts: ProbeParts): Probe | undefined {
  const { config, clock } = parts
  const { superUser, ftp, watchdog } = config
  const way = wayFor(parts)
  const mayComeFrom = (address: string) =>
    superUser.networks.some((network) => networkHolds(network, address))
  const from = ['127.0.0.1', watchdog.address].find(mayComeFrom)
  if (superUser.password === '' || way === undefined || from === undefined) return undefined
  const target = targetOf(ftp.addresses, way.port, from)
  const identity = { name: 'refusals over ftp', about, dependsOn: [way.door] }
  const probe = probeOf(identity, parts, async (attempt) => {
    const tls = tlsOptions(ftp.profile)
    attempt.ask(`FTP login as super user with a wrong password on port ${way.port}`)
    const client = await FtpClient.open(attempt, target, way.encryption === 'implicit' ? tls : undefined)
    try {
      await client.expectWelcome()
      if (way.encryption === 'explicit') await client.encrypt(tls)
      await expectNoSuperUser(client, superUser.name, parts.token)
    } finally {
      client.close()
    }
  })
  return rarely(probe, passwordEveryMs, clock)
}

/** A password is only looked at on an encrypted connection, unless the settings say otherwise. */
function wayFor({ config: { ftp, superUser } }: ProbeParts) {
  const [implicit] = ftp.implicitTlsPorts
  const door = `ftp ${ftp.port}`
  if (!superUser.requireTls) return { port: ftp.port, door, encryption: 'none' }
  if (ftp.explicitTls) return { port: ftp.port, door, encryption: 'explicit' }
  return implicit === undefined
    ? undefined
    : { port: implicit, door: `ftps ${implicit}`, encryption: 'implicit' }
}

/** Where phones are let in whatever they say, so are we, but only as a phone: it sees no folders. */
async function expectNoSuperUser(client: FtpClient, name: string, password: string): Promise<void> {
  const named = await client.ask(`USER ${name}`)
  const { code } = named.code === 331 ? await client.ask(`PASS ${password}`) : named
  if (code !== 230) return
  const seen = await client.ask('MLST /TFTPdata')
  if (seen.code === 250)
    throw new Missed('A WRONG PASSWORD LETS IN AS SUPER USER; change superUser.password now; 230 came')
}
