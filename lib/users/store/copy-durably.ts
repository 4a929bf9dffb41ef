import { constants } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'

/** A file of its own with that content, durable but for its name. No link: a file of two names may lead elsewhere. */
export async function copyDurably(from: string, to: string, mode?: number): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE)
  const handle = await open(to, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    if (mode !== undefined) await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
