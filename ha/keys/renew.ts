import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificate } from '../../lib/base/authority.ts'
import { CommandError } from '../../lib/base/command.ts'
import type { CertificateAndKey } from '../../lib/base/x509.ts'
import { authorityFiles, type Member } from './make.ts'
import { nodeFiles, writeNodeFolder } from './node-folder.ts'

export interface Renewal {
  /** How long the new certificates are valid; never longer than the authority. */
  days: number
  /** Nodes whose address has changed. */
  moved: readonly Member[]
  now: Date
  /** What is added to the name of a node's folder to keep the old one. */
  oldSuffix: string
}

/**
 * New keys and certificates for the nodes, from the authority that they trust already: one node after the other can get
 * its own while the pair runs. Secret and uuid stay.
 * @returns the nodes
 */
export async function renewPair(folder: string, renewal: Renewal): Promise<Member[]> {
  const authority = await readAuthority(folder, renewal.now)
  const members = await readMembers(folder)
  const strangers = renewal.moved.filter(({ name }) => members.every((member) => member.name !== name))
  if (strangers.length > 0)
    throw new CommandError(
      `${folder} has no node ${strangers.map(({ name }) => name).join(', ')}, only ${members.map(({ name }) => name).join(', ')}; for other nodes make a new pair`,
    )
  const renewed = members.map((member) => renewal.moved.find(({ name }) => name === member.name) ?? member)
  for (const member of renewed) await renewNode(folder, member, authority, renewal)
  return renewed
}

async function renewNode(
  folder: string,
  { name, address }: Member,
  authority: CertificateAndKey,
  { days, oldSuffix }: Renewal,
): Promise<void> {
  const old = join(folder, name)
  const fresh = `${old}.new`
  const { certificate, key } = await issueCertificate(authority, { name, addresses: [address], days })
  const [secret, uuid] = await Promise.all([
    read(join(old, nodeFiles.secret.name)),
    read(join(old, nodeFiles.uuid.name)),
  ])
  await rm(fresh, { recursive: true, force: true }) // of a try that was killed
  await writeNodeFolder(fresh, { authority: authority.certificate, certificate, key, secret, uuid })
  await rename(old, `${old}${oldSuffix}`)
  await rename(fresh, old)
}

async function readAuthority(folder: string, now: Date): Promise<CertificateAndKey> {
  const [certificate, key] = await Promise.all([
    read(join(folder, authorityFiles.certificate)),
    read(join(folder, authorityFiles.key)),
  ])
  const x509 = parse(folder, () => new X509Certificate(certificate))
  if (!x509.checkPrivateKey(parse(folder, () => createPrivateKey(key))))
    throw new CommandError(`${folder}: ca.key does not belong to ca.pem; take both from the same pair`)
  if (x509.validToDate <= now)
    throw new CommandError(
      `the authority in ${folder} has ended on ${x509.validTo}; make a new pair with --force`,
    )
  return { certificate, key }
}

/** The nodes, as their certificates name them. */
async function readMembers(folder: string): Promise<Member[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isDirectory() && /^[\w-]+$/.test(entry.name))
    .map(({ name }) => name)
  const members = await Promise.all(
    names.toSorted().map(async (name) => {
      const pem = await read(join(folder, name, nodeFiles.certificate.name))
      const x509 = parse(join(folder, name), () => new X509Certificate(pem))
      const address = /IP Address:([^,\s]+)/.exec(x509.subjectAltName ?? '')?.[1]
      if (address === undefined) throw new CommandError(`${folder}/${name}: its certificate has no address`)
      return { name, address }
    }),
  )
  if (members.length === 0) throw new CommandError(`${folder} has no nodes`)
  return members
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`${path} cannot be read: ${why}; --folder names what \`ha init\` has made`, {
      cause,
    })
  }
}

function parse<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new CommandError(`${folder} holds a file that is no certificate or key in PEM`, { cause })
  }
}
