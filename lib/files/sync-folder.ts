import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Makes names that came, went or changed in a folder durable: fsync(2). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
