import { constants, type Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { kindOf } from './file-kind.ts'
import { parseFileName, type FileName } from './file-name.ts'
import { Refusal } from './refusal.ts'

/**
 * The name below `root` of a file that was opened at `path` and really lies at `realPath`.
 * @throws Refusal `forbidden` when it lies outside, or is of a kind that is never served
 */
export function servableName(path: string, realPath: string, root: string): FileName {
  if (!realPath.startsWith(`${root}/`)) throw new Refusal('forbidden', `${path} leads out of ${root}`)
  const name = nameOrNone(realPath.slice(root.length + 1))
  if (name === undefined || kindOf(name) === 'forbidden')
    throw new Refusal('forbidden', `${path} leads to ${realPath}, which is never served`)
  return name
}

function nameOrNone(relative: string): FileName | undefined {
  try {
    return parseFileName(relative)
  } catch {
    return undefined
  }
}

/** @throws Refusal for what is no regular file, not meant for everybody, or also has a name outside `root` */
export async function checkServable(path: string, root: string, stats: Stats): Promise<void> {
  if (!stats.isFile()) throw new Refusal('notFound', `${path} is not a regular file`)
  const ours = stats.uid === process.geteuid?.()
  if (!ours && (stats.mode & constants.S_IROTH) === 0) {
    throw new Refusal(
      'forbidden',
      `${path} is neither readable by everybody nor owned by the service; chmod a+r it to serve it`,
    )
  }
  if (stats.nlink > 1 && (await linksInside(root, stats)) < stats.nlink) {
    throw new Refusal('forbidden', `${path} has a hard link outside ${root}`)
  }
}

/** Counts the names of this inode below `root`: as many as it has links means that none leads out. */
async function linksInside(root: string, { dev, ino }: Stats): Promise<number> {
  let count = 0
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      if (!entry.isFile()) continue
      const stats = await stat(path).catch(() => undefined)
      if (stats?.ino === ino && stats.dev === dev) count++
    }
  }
  return count
}

/** Longer files are firmware, which may hold such words for other reasons. */
export const longestKeyFile = 65_536
const privateKeyMark = Buffer.from('PRIVATE KEY-----')

/** @throws Refusal for a private key, whatever the file is called */
export function checkNoPrivateKey(path: string, content: Buffer): void {
  if (content.length <= longestKeyFile && content.includes(privateKeyMark))
    throw new Refusal('forbidden', `${path} holds a private key`)
}
