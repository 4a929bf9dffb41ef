import { randomBytes } from 'node:crypto'
import { chown, open, readFile, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isRoot } from '../../lib/base/process.ts'

/** A file for the service's user only, which people and commands edit. */

/** Undefined: there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw cause
  }
}

/**
 * Puts the text in place of the file at once: who reads it gets the old or the new one whole. It keeps its owner; a
 * new one belongs to the owner of `like`, so that the service can read what root writes.
 */
export async function replacePrivately(path: string, text: string, like: string): Promise<void> {
  const target = await realpath(path).catch(() => path) // a link stays one
  const fresh = `${target}.${randomBytes(6).toString('hex')}.new`
  try {
    const handle = await open(fresh, 'wx', 0o600)
    await writeDurably(handle, text)
    const owner = isRoot() ? await ownerOf(target, like) : undefined
    if (owner !== undefined) await chown(fresh, owner.uid, owner.gid)
    await rename(fresh, target)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  await syncFolder(dirname(target))
}

/** Only then does the new name survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function writeDurably(handle: FileHandle, text: string): Promise<void> {
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function ownerOf(...paths: string[]): Promise<{ uid: number; gid: number } | undefined> {
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined)
    if (stats !== undefined) return stats
  }
  return undefined
}

const isAbsent = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'
