import { createPrivateKey, createSecretKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, type Complaint } from '../../lib/base/complaint.ts'
import { nodeFiles, type NodeFile } from './node-folder.ts'

/** What a node proves itself with to the other one. */
export interface PairKeys {
  /** Of the pair. */
  uuid: string
  /** Shows nothing of itself when it is printed. */
  secret: KeyObject
  /** These in PEM. */
  authority: string
  certificate: string
  key: string
  /** Until when the certificate is valid. */
  validTo: Date
}

/**
 * Reads pair.folder, and looks whether it can be used by this node, now.
 * @param node its name: node.name, or the host name
 * @throws ConfigError with everything that is wrong, and what to do
 */
export function loadPairKeys(folder: string, node: string, now: Date): PairKeys {
  const texts = readAll(folder)
  const certificate = parsed(() => new X509Certificate(texts.certificate))
  const wrong = [
    ...aboutForm(texts),
    ...(certificate === undefined ? [] : aboutCertificate(certificate, texts, { node, now })),
  ]
  if (wrong.length > 0 || certificate === undefined)
    throw new ConfigError(wrong.map((each) => complaint(folder, each)))
  return {
    ...texts,
    secret: createSecretKey(Buffer.from(texts.secret, 'hex')),
    validTo: certificate.validToDate,
  }
}

type Texts = Record<NodeFile, string>

interface Wrong {
  file: NodeFile
  problem: string
  fix?: string
}

const copyAnew = "copy this node's folder anew from what `ha init` has made"

const complaint = (folder: string, { file, problem, fix = copyAnew }: Wrong): Complaint => ({
  source: join(folder, nodeFiles[file].name),
  setting: 'pair.folder',
  problem,
  fix,
})

function readAll(folder: string): Texts {
  const wrong: Wrong[] = []
  const read = (file: NodeFile) => {
    const result = readOne(join(folder, nodeFiles[file].name), file)
    if (typeof result === 'string') return result
    wrong.push(result)
    return ''
  }
  const texts = {
    authority: read('authority'),
    certificate: read('certificate'),
    key: read('key'),
    secret: read('secret').trim(),
    uuid: read('uuid').trim(),
  }
  if (wrong.length > 0) throw new ConfigError(wrong.map((each) => complaint(folder, each)))
  return texts
}

function readOne(path: string, file: NodeFile): string | Wrong {
  const isPrivate = (nodeFiles[file].mode & 0o077) === 0
  try {
    if (isPrivate && (statSync(path).mode & 0o007) !== 0)
      return { file, problem: 'can be read by every user of this machine', fix: `run: chmod 600 ${path}` }
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (isAbsent) return { file, problem: 'there is no such file' }
    const why = cause instanceof Error ? cause.message : String(cause)
    return { file, problem: `cannot be read (${why})`, fix: "give it to the service's user with chown" }
  }
}

function* aboutForm({ uuid, secret, authority, certificate, key }: Texts): Iterable<Wrong> {
  if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(uuid)) yield { file: 'uuid', problem: 'is no uuid' }
  if (!/^[\da-f]{64}$/.test(secret)) yield { file: 'secret', problem: 'is not 32 bytes in hexadecimal' }
  for (const [file, text] of [
    ['authority', authority],
    ['certificate', certificate],
  ] as const) {
    if (parsed(() => new X509Certificate(text)) === undefined)
      yield { file, problem: 'is no certificate in PEM' }
  }
  if (parsed(() => createPrivateKey(key)) === undefined)
    yield { file: 'key', problem: 'is no private key in PEM' }
}

function* aboutCertificate(
  certificate: X509Certificate,
  texts: Texts,
  { node, now }: { node: string; now: Date },
): Iterable<Wrong> {
  const file = 'certificate'
  const key = parsed(() => createPrivateKey(texts.key))
  const authority = parsed(() => new X509Certificate(texts.authority))
  if (key !== undefined && !certificate.checkPrivateKey(key))
    yield { file: 'key', problem: 'does not belong to node.pem' }
  if (authority !== undefined && !isFrom(authority, certificate))
    yield { file, problem: 'is not from the authority in ca.pem' }
  const name = String(certificate.toLegacyObject().subject.CN)
  if (name !== node)
    yield {
      file,
      problem: `is that of node "${name}", and this node is "${node}"`,
      fix: 'copy the folder of this node, or set node.name',
    }
  if (certificate.validToDate <= now)
    yield {
      file,
      problem: `has ended on ${certificate.validTo}`,
      fix: 'make a new one with `ha init --renew`',
    }
  if (certificate.validFromDate > now)
    yield {
      file,
      problem: `is valid from ${certificate.validFrom} only`,
      fix: "set this machine's clock right",
    }
}

const isFrom = (authority: X509Certificate, certificate: X509Certificate) =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey)

function parsed<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
