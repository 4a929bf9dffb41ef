import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../lib/base/config.ts'
import type { Protocol } from '../../lib/base/protocol.ts'

/**
 * Names that are kept for the watchdog. They have a token that nobody can guess and that changes with each run, so that
 * no phone finds or replaces what they hold (abuse case d109).
 */

export type Downloading = Exclude<Protocol, 'ftp'>

/** 16 hex digits. */
export const newToken = (): string => randomBytes(8).toString('hex')

/** The user that the watchdog saves for, as its phone says it. */
export const extensionOf = (token: string): string => `watchdog${token}`

export const checkFileName = (token: string): string => `watchdog-${token}.txt`

const folders: Record<Downloading, string> = { http: 'HTTPdata', https: 'HTTPSdata', tftp: 'TFTPdata' }

export const folderOf = (dataFolder: string, protocol: Downloading): string =>
  join(dataFolder, folders[protocol])

/**
 * Name of the user's file that is saved: of that kind where the settings know it, else of the first kind they know.
 * Undefined: they know none, or extensions are too short for ours.
 */
export function userFileName(
  { families, longestExtension }: Pick<Config['userData'], 'families' | 'longestExtension'>,
  wanted: string,
  token: string,
): string | undefined {
  const extension = extensionOf(token)
  const known = families.flatMap(({ data }) => data)
  const data = known.find((name) => name.toLowerCase() === wanted) ?? known[0]
  return data === undefined || extension.length > longestExtension ? undefined : `${extension}_${data}`
}

/** Random bytes that are text, so that no type of transfer could change them. */
export const randomContent = (): Buffer => Buffer.from(`${randomBytes(1_200).toString('base64')}\n`)

/**
 * Removes check files that earlier runs left behind, killed as they were. Call it before the first probe.
 * @returns their names
 */
export async function sweepCheckFiles(dataFolder: string, token: string): Promise<string[]> {
  const swept: string[] = []
  for (const folder of Object.values(folders)) {
    const names = await readdir(join(dataFolder, folder)).catch(() => [])
    for (const name of names.filter((each) => /^watchdog-[0-9a-f]{16}\.txt$/.test(each))) {
      if (name === checkFileName(token)) continue
      await rm(join(dataFolder, folder, name), { force: true })
      swept.push(`${folder}/${name}`)
    }
  }
  return swept
}
