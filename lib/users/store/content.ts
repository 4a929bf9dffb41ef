import { constants, type Stats } from 'node:fs'
import { open, readlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileName } from '../../files/file-name.ts'
import { readWhole, settledStats } from '../../files/reading.ts'
import { Refusal } from '../../files/refusal.ts'
import { FileChanged, type OpenFile, type StoredFile } from '../../files/stored-file.ts'
import { errorCode, isAbsent } from '../../files/disk-error.ts'
import { lookAt, type Folders } from './folders.ts'

/** As large as the settings let a backup be; what is laid into the folder by hand may be larger. */
const largestBytes = 268_435_456

export interface Found {
  content: Buffer
  /** SHA-256 in hex. */
  hash: string
  stats: Stats
}

/**
 * The file that stands under a name: exactly that one, a regular file of one name, not by way of a link.
 * @param isOurs whether it was put there by the store, whole: any other may still be being written
 * @returns undefined when it was written or replaced meanwhile
 * @throws Refusal
 */
export async function readStanding(
  folders: Folders,
  name: FileName,
  isOurs: (stats: Stats) => boolean,
): Promise<Found | undefined> {
  const path = folders.pathOf(name)
  // A FIFO or device must neither block nor act: look before opening, and open without waiting.
  if (lookAt(path)?.isFile() === false) refuseKind(path)
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY
  const handle = await open(path, flags).catch((cause: unknown) => refuseUnreadable(path, cause))
  try {
    // What was really opened, whatever links lie on the way: this look cannot be raced.
    const realPath = await readlink(`/proc/self/fd/${handle.fd}`)
    if (realPath.endsWith(' (deleted)')) return undefined
    if (realPath !== join(folders.realRoot, name))
      throw new Refusal('forbidden', `${path} leads to ${realPath}`)
    return await readOpen(handle, path, isOurs)
  } finally {
    await handle.close()
  }
}

async function readOpen(
  handle: FileHandle,
  path: string,
  isOurs: (stats: Stats) => boolean,
): Promise<Found | undefined> {
  let stats: Stats | undefined = await handle.stat()
  if (!stats.isFile()) refuseKind(path)
  if (stats.size > largestBytes)
    throw new Refusal('tooLarge', `${path} is larger than ${largestBytes} bytes; move it elsewhere`)
  if (!isOurs(stats)) stats = await settledStats(handle)
  const whole = stats === undefined ? undefined : await readWhole(handle, stats)
  return whole && stats ? { content: whole.content, hash: whole.digest, stats } : undefined
}

/** @throws Error when the content is not what was stored */
export async function readVersion(path: string, hash: string): Promise<Buffer> {
  for (let tries = 0; tries < versionTries; tries++) {
    const whole = await readOnce(path)
    if (whole?.digest === hash) return whole.content
    if (whole !== undefined) throw new Error(`${path} is damaged: its content is not what was stored`)
  }
  throw new Error(`${path} is being changed`)
}

/** Getting and losing names changes the date of a file, and looks as if somebody wrote into it. */
const versionTries = 8

async function readOnce(path: string): ReturnType<typeof readWhole> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    return await readWhole(handle, await handle.stat())
  } finally {
    await handle.close()
  }
}

/** @returns SHA-256 in hex; undefined for what cannot be user data */
export async function hashFile(path: string): Promise<string | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat()
    if (!stats.isFile() || stats.size > largestBytes) return undefined
    return (await readWhole(handle, stats))?.digest
  } finally {
    await handle.close()
  }
}

function refuseKind(path: string): never {
  throw new Refusal('notFound', `${path} is not a regular file`)
}

function refuseUnreadable(path: string, cause: unknown): never {
  if (isAbsent(cause)) throw new Refusal('notFound', `there is no ${path}`)
  if (errorCode(cause) === 'ELOOP') throw new Refusal('forbidden', `${path} is a link`)
  if (errorCode(cause) === 'EACCES')
    throw new Refusal('forbidden', `${path} cannot be read by the service; check its owner and mode`)
  throw new Error(`cannot open ${path}`, { cause })
}

/** A user's file, whole in memory. */
export class UserFile implements StoredFile {
  readonly name: FileName
  readonly size: number
  readonly changedAt: Date
  readonly etag: string
  readonly content: Buffer

  constructor(name: FileName, { content, hash, stats }: Found) {
    this.name = name
    this.size = content.length
    this.changedAt = stats.mtime
    this.etag = hash.slice(0, 8)
    this.content = content
  }

  async open(): Promise<OpenFile> {
    const { content, name } = this
    let isOpen = true
    return {
      read: async (position, length) => {
        if (!isOpen) throw new FileChanged(name)
        return content.subarray(position, position + length)
      },
      close: async () => {
        isOpen = false
      },
    }
  }
}
