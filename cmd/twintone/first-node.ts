import { chown, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { dirname, join } from 'node:path'
import { createCipheriv } from 'node:crypto'
import type { Config } from '../../lib/base/config.ts'
import { makeSelfSigned } from '../../lib/base/self-signed.ts'
import { allRoots } from '../../lib/files/roots.ts'

/** What a first set-up did or left alone, one line each. */
export type Tell = (line: string) => void

/** Who owns what we write: the service's user, when root sets the node up for it. */
export interface Owner {
  uid: number
  gid: number
}

const selfSignedDays = 3_650

/** Writes a file unless it exists already. @returns whether it was written */
export async function writeNew(
  path: string,
  content: string | Buffer,
  mode: number,
  tell: Tell,
): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeFile(path, content, { flag: 'wx', mode })
    tell(`wrote ${path}`)
    return true
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
    tell(`kept ${path}`)
    return false
  }
}

/** The folders a node needs, and a self-signed certificate where there is none yet. Nothing is overwritten. */
export async function prepareNode(config: Config, owner: Owner | undefined, tell: Tell): Promise<void> {
  const folders = [...Object.values(allRoots(config.data.folder)), config.run.folder]
  if (config.log.file !== '') folders.push(dirname(config.log.file))
  for (const folder of folders) {
    const created = await mkdir(folder, { recursive: true })
    if (created !== undefined) tell(`made ${folder}`)
    if (owner !== undefined) await chown(folder, owner.uid, owner.gid)
  }
  if (owner !== undefined) await chown(config.data.folder, owner.uid, owner.gid)
  await ensureCertificate(config.https, owner, tell)
}

async function ensureCertificate(
  { certificate, key }: Config['https'],
  owner: Owner | undefined,
  tell: Tell,
): Promise<void> {
  if (await exists(certificate)) return tell(`kept ${certificate}`)
  const made = await makeSelfSigned({ names: ownNames(), days: selfSignedDays })
  await writeNew(key, made.key, 0o600, tell)
  await writeNew(certificate, made.certificate, 0o644, tell)
  if (owner !== undefined) await chown(key, owner.uid, owner.gid)
}

/** Host name and addresses of this machine: what phones may have been told to connect to. */
const ownNames = (): string[] => {
  const addresses = Object.values(networkInterfaces()).flatMap(
    (all) => all?.filter(({ scopeid }) => !scopeid) ?? [],
  )
  return [...new Set([hostname(), 'localhost', ...addresses.map(({ address }) => address)])]
}

const samplesFolder = new URL('../../ops/deploy/samples/', import.meta.url).pathname
const sampleFirmwareBytes = 8_000_000

/** Sample phone files for each door, and a firmware file that is the same on every machine. */
export async function writeSamples(dataFolder: string, tell: Tell): Promise<void> {
  const firmware = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'twintone'), Buffer.alloc(16)).update(
    Buffer.alloc(sampleFirmwareBytes),
  )
  const { http, https, tftp } = allRoots(dataFolder)
  for (const root of [http, https, tftp]) {
    for (const name of await readdir(samplesFolder)) {
      if (!(await exists(join(root, name)))) await copyFile(join(samplesFolder, name), join(root, name))
    }
    await writeNew(join(root, 'sample_fw.bin'), firmware, 0o644, () => {})
  }
  tell(`sample phone files are in ${dataFolder}`)
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Looks a user up in /etc/passwd (passwd(5)). */
export async function findOwner(user: string): Promise<Owner | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n')
  const fields = lines.map((line) => line.split(':')).find(([name]) => name === user)
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) }
}
