import { join } from 'node:path'
import { printable } from '../../lib/base/printable.ts'
import type { TlsProfileName } from '../../lib/base/settings/fields.ts'
import type { Probe } from '../probe.ts'
import { Missed, type Attempt } from './attempt.ts'
import { withCheckFile } from './check-file.ts'
import { askHttp, type HttpAnswer, type HttpQuestion } from './http-request.ts'
import { profileOf } from './certificate.ts'
import { dial } from './dial.ts'
import { checkFileName, folderOf, randomContent } from './names.ts'
import { needsOfDoors, probeOf, type ProbeParts } from './parts.ts'
import { targetOf, type Target } from './target.ts'
import { secure, tlsOptions } from './tls.ts'
import { planUserData } from './user-data.ts'

/**
 * Asks a port of HTTP or HTTPS what phones ask: a file from the disk, and to save, fetch and delete a user's file. How
 * the answers look is a part of it, for old phones take no other.
 */
export function httpProbe(protocol: 'http' | 'https', port: number, parts: ProbeParts): Probe {
  const { config } = parts
  const door: Door = {
    protocol,
    target: targetOf(config[protocol].addresses, port, config.watchdog.address),
    profile: protocol === 'https' ? profileOf(config.https, port) : undefined,
  }
  const identity = {
    name: `${protocol} ${port}`,
    about: { kind: 'door', protocol, port },
    dependsOn: needsOfDoors,
  } as const
  return probeOf(identity, parts, async (attempt) => {
    if (door.profile !== undefined && config.https.clientAuth === 'require') return shakeHands(attempt, door)
    const isLetIn = await fetchCheckFile(attempt, door, parts)
    if (isLetIn) await probeUserData(attempt, door, parts)
  })
}

interface Door {
  protocol: 'http' | 'https'
  target: Target
  /** Of HTTPS. */
  profile: TlsProfileName | undefined
}

/** Of a port that wants a certificate from us, which we have not, no more can be asked. */
async function shakeHands(attempt: Attempt, door: Door): Promise<void> {
  attempt.ask(`TLS with port ${door.target.port}`)
  const socket = await dial(attempt, door.target)
  try {
    await attempt.phase('tls', () => secure(socket, tlsOptions(door.profile ?? 'modern')))
  } finally {
    socket.destroy()
  }
}

/** @returns false where an address list keeps us out */
async function fetchCheckFile(attempt: Attempt, door: Door, parts: ProbeParts): Promise<boolean> {
  const { protocol, target } = door
  const name = checkFileName(parts.token)
  const path = join(folderOf(parts.config.data.folder, protocol), name)
  let isLetIn = true
  await withCheckFile(attempt, { path, turns: parts.turns }, async (content) => {
    attempt.ask(`GET of the check file on port ${target.port}`)
    const answer = await askDoor(attempt, door, { method: 'GET', path: `/${name}` })
    isLetIn = answer.status !== 403
    if (isLetIn) expectFile(answer, content)
    else attempt.warnings.push(keptOut(protocol, target.from))
  })
  return isLetIn
}

const keptOut = (protocol: 'http' | 'https', from: string) => {
  const names = `${protocol.toUpperCase()}_allow_IP.txt or allow_IP.txt`
  return `the address list of ${protocol.toUpperCase()}data keeps the watchdog out; add ${from} to ${names} there`
}

async function probeUserData(attempt: Attempt, door: Door, parts: ProbeParts): Promise<void> {
  const { protocol, target } = door
  const plan = await planUserData(attempt, { protocol, target, wanted: '96xxdata.txt' }, parts)
  if (plan.do === 'nothing') return
  const [folder = '/'] = parts.config.userData.httpPaths
  const path = `${folder}${plan.file}`
  await parts.turns.take(plan.file, attempt, async () => {
    if (plan.do === 'expect refusal') return expectUnauthorized(attempt, door, path)
    await saveAndFetch(attempt, door, { path, mayBeKeptOut: plan.policy === 'address-list' })
  })
}

/** What was saved is deleted again, whatever happens, unless the run is broken off. */
async function saveAndFetch(
  attempt: Attempt,
  door: Door,
  { path, mayBeKeptOut }: { path: string; mayBeKeptOut: boolean },
): Promise<void> {
  const { port } = door.target
  const content = randomContent()
  attempt.ask(`PUT of the probe file on port ${port}`)
  const saved = await askDoor(attempt, door, { method: 'PUT', path, body: content })
  if (saved.status === 403 && mayBeKeptOut) {
    attempt.warnings.push(keptOut(door.protocol, door.target.from))
    return
  }
  try {
    expectStatus(saved, [200, 201])
    attempt.ask(`GET of the probe file on port ${port}`)
    expectFile(await askDoor(attempt, door, { method: 'GET', path }), content)
    attempt.ask(`DELETE of the probe file on port ${port}`)
    expectStatus(await askDoor(attempt, door, { method: 'DELETE', path }), [200, 204])
  } catch (error) {
    if (!attempt.signal.aborted) await askDoor(attempt, door, { method: 'DELETE', path }).catch(() => {})
    throw error
  }
}

async function expectUnauthorized(attempt: Attempt, door: Door, path: string): Promise<void> {
  attempt.ask(`PUT without credentials on port ${door.target.port}`)
  const answer = await askDoor(attempt, door, { method: 'PUT', path, body: randomContent() })
  if (answer.status >= 200 && answer.status <= 299) {
    await askDoor(attempt, door, { method: 'DELETE', path })
    throw new Missed(`${answer.status}: ANYBODY MAY REPLACE USERS' DATA, see userData.https; it came`)
  }
  expectStatus(answer, [401])
}

function askDoor(
  attempt: Attempt,
  { target, profile }: Door,
  question: Pick<HttpQuestion, 'method' | 'path' | 'body'>,
): Promise<HttpAnswer> {
  if (profile === undefined) return askHttp(attempt, { target, ...question })
  return askHttp(attempt, {
    target,
    ...question,
    tls: tlsOptions(profile),
  })
}

function expectStatus({ status, body }: HttpAnswer, wanted: readonly number[]): void {
  if (wanted.includes(status)) return
  const said = printable(body.toString('latin1').trim(), 80)
  throw new Missed(said === '' ? String(status) : `${status} (${said})`)
}

/** The answer to a GET as the parsers of old phones want it, with the content that lies on the disk. */
function expectFile(answer: HttpAnswer, content: Buffer): void {
  const { version, headers, body } = answer
  expectStatus(answer, [200])
  const length = headers['content-length']
  if (version !== '1.1') throw new Missed(`200 with HTTP/${version} instead of HTTP/1.1`)
  if (length === undefined) throw new Missed('200 without Content-Length, which old phones need')
  if (!body.equals(content))
    throw new Missed(
      `200 with ${body.length} bytes that are not those of the file; another program may be answering on this port`,
    )
  if (!/^(?:W\/)?"[^"]+"$/.test(headers.etag ?? '')) throw new Missed('200 without an ETag')
  if (Number.isNaN(Date.parse(headers['last-modified'] ?? ''))) throw new Missed('200 without Last-Modified')
}
