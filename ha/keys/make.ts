import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificate, makeAuthority } from '../../lib/base/authority.ts'
import { CommandError } from '../../lib/base/command.ts'
import { writeNodeFolder, writePrivately } from './node-folder.ts'

export interface Member {
  name: string
  address: string
}

export interface NewPair {
  cluster: string
  nodes: readonly Member[]
  /** How long the nodes' certificates are valid. */
  days: number
}

/** Of the authority: as long as such a pair lives. */
export const authorityDays = 3_650

/** The authority's own files, beside the nodes' folders. Its key is no node's business. */
export const authorityFiles = { certificate: 'ca.pem', key: 'ca.key' } as const

/**
 * Makes all that two nodes need to trust each other and nobody else: an authority, a certificate for each, a secret.
 * The folder appears whole or not at all.
 * @param replaces one that is there is kept beside it, under this name
 * @returns the pair's uuid
 */
export async function makePair(
  folder: string,
  pair: NewPair,
  { replaces }: { replaces?: string } = {},
): Promise<string> {
  await checkPlace(folder, replaces !== undefined)
  const uuid = randomUUID()
  const fresh = `${folder}.new-${randomBytes(6).toString('hex')}`
  try {
    await mkdir(fresh, { recursive: true, mode: 0o700 })
    await fill(fresh, uuid, pair)
    if (replaces !== undefined && (await contentOf(folder)).length > 0) await rename(folder, replaces)
    await rename(fresh, folder)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
  return uuid
}

/** Nothing is overwritten without being asked for, and what `ha init` did not make not even then. */
async function checkPlace(folder: string, mayReplace: boolean): Promise<void> {
  const content = await contentOf(folder)
  if (content.length === 0) return
  if (!content.includes(authorityFiles.key))
    throw new CommandError(
      `${folder} exists and was not made by \`ha init\`; choose another place with --folder`,
    )
  if (!mayReplace)
    throw new CommandError(
      `${folder} holds the keys of a pair, which are kept; --renew makes new certificates from them, --force a new pair`,
    )
}

async function fill(folder: string, uuid: string, { cluster, nodes, days }: NewPair): Promise<void> {
  const authority = await makeAuthority({ name: `Twintone ${cluster}`.slice(0, 64), days: authorityDays })
  const secret = randomBytes(32).toString('hex')
  await writePrivately(join(folder, authorityFiles.certificate), authority.certificate, 0o644)
  await writePrivately(join(folder, authorityFiles.key), authority.key, 0o600)
  for (const { name, address } of nodes) {
    const { certificate, key } = await issueCertificate(authority, { name, addresses: [address], days })
    await writeNodeFolder(join(folder, name), {
      authority: authority.certificate,
      certificate,
      key,
      secret: `${secret}\n`,
      uuid: `${uuid}\n`,
    })
  }
}

/** Nothing when there is no such folder. */
async function contentOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`${folder} cannot be used: ${why}`, { cause })
  }
}
