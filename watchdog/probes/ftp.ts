import type { Probe } from '../probe.ts'
import { Missed, type Attempt } from './attempt.ts'
import { FtpClient, type Way } from './ftp-client.ts'
import { randomContent } from './names.ts'
import { needsOfDoors, probeOf, type ProbeParts } from './parts.ts'
import { targetOf, type Target } from './target.ts'
import { tlsOptions } from './tls.ts'
import { planUserData } from './user-data.ts'

/** The three ways to FTP there are. */
type Encryption = 'none' | 'explicit' | 'implicit'

/**
 * Logs in as a phone, saves a file, fetches it, deletes it: once in the clear and once over AUTH TLS where that is
 * offered, with passive and active data connections in turn.
 */
export function ftpProbe(port: number, parts: ProbeParts): Probe {
  const { ftp } = parts.config
  return probe(`ftp ${port}`, port, parts, ftp.explicitTls ? ['none', 'explicit'] : ['none'])
}

/** The same on a port that is encrypted from the first byte. */
export function ftpsProbe(port: number, parts: ProbeParts): Probe {
  return probe(`ftps ${port}`, port, parts, ['implicit'])
}

function probe(name: string, port: number, parts: ProbeParts, sessions: readonly Encryption[]): Probe {
  const { ftp, watchdog } = parts.config
  const target = targetOf(ftp.addresses, port, watchdog.address)
  const identity = {
    name,
    about: { kind: 'door', protocol: 'ftp', port },
    dependsOn: needsOfDoors,
  } as const
  return probeOf(identity, parts, async (attempt) => {
    const plan = await planUserData(attempt, { protocol: 'ftp', target, wanted: '4620data.txt' }, parts)
    for (const encryption of sessions) {
      const session = { target, encryption, parts }
      if (plan.do !== 'write') await greet(attempt, session)
      else
        await parts.turns.take(plan.file, attempt, () =>
          saveAndFetch(attempt, session, { file: plan.file, byList: plan.policy === 'address-list' }),
        )
    }
  })
}

interface Session {
  target: Target
  encryption: Encryption
  parts: ProbeParts
}

/** Where nothing can be saved by us, the door can still say that it is there. */
async function greet(attempt: Attempt, session: Session): Promise<void> {
  await connected(attempt, session, async (client) => {
    await client.expect('QUIT', 221)
  })
}

async function saveAndFetch(
  attempt: Attempt,
  session: Session,
  { file, byList }: { file: string; byList: boolean },
): Promise<void> {
  await connected(attempt, session, async (client) => {
    attempt.ask(`FTP login${place(session)}`)
    if (!(await attempt.phase('login', () => logIn(attempt, client, session, byList)))) return
    await client.expect('TYPE I', 200)
    if (session.encryption !== 'none') await client.protect(tlsOptions(session.parts.config.ftp.profile))
    await attempt.phase('transfers', () => storeAndCompare(attempt, client, session, file))
    await client.expect('QUIT', 221)
  })
}

async function connected(
  attempt: Attempt,
  session: Session,
  work: (client: FtpClient) => Promise<void>,
): Promise<void> {
  const { target, encryption, parts } = session
  const tls = tlsOptions(parts.config.ftp.profile)
  attempt.ask(`FTP welcome${place(session)}`)
  const client = await FtpClient.open(attempt, target, encryption === 'implicit' ? tls : undefined)
  try {
    await client.expectWelcome()
    if (encryption === 'explicit') {
      attempt.ask(`AUTH TLS on port ${target.port}`)
      await client.encrypt(tls)
    }
    await work(client)
  } finally {
    client.close()
  }
}

const place = ({ target, encryption }: Session) =>
  ` on port ${target.port}${encryption === 'explicit' ? ' over TLS' : ''}`

/** @returns false where an address list keeps us out */
async function logIn(
  attempt: Attempt,
  client: FtpClient,
  { target }: Session,
  byList: boolean,
): Promise<boolean> {
  const named = await client.ask('USER anonymous')
  const { code, text } = named.code === 331 ? await client.ask('PASS watchdog@localhost') : named
  if (code === 230) return true
  if (code !== 530 || !(byList || text.includes('allow_IP.txt'))) throw new Missed(`${code} ${text}`)
  const warning = `the address list of FTPdata keeps the watchdog out; add ${target.from} to FTP_allow_IP.txt or allow_IP.txt there`
  if (!attempt.warnings.includes(warning)) attempt.warnings.push(warning)
  return false
}

/** In each session both ways are used, and in the encrypted one the other way round. */
async function storeAndCompare(
  attempt: Attempt,
  client: FtpClient,
  session: Session,
  file: string,
): Promise<void> {
  const second: Way = session.parts.config.ftp.active ? 'active' : 'passive'
  const [storing, fetching]: [Way, Way] =
    session.encryption === 'none' ? ['passive', second] : [second, 'passive']
  const content = randomContent()
  try {
    attempt.ask(`STOR of the probe file${place(session)} (${storing})`)
    await client.store(file, content, storing)
    attempt.ask(`RETR of the probe file${place(session)} (${fetching})`)
    const came = await client.fetch(file, fetching)
    if (!came.equals(content)) throw new Missed(`${came.length} bytes that are not those that were stored`)
    attempt.ask(`DELE of the probe file${place(session)}`)
    await client.expect(`DELE ${file}`, 250)
  } catch (error) {
    if (!attempt.signal.aborted) await client.ask(`DELE ${file}`).catch(() => {})
    throw error
  }
}
