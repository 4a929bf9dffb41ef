import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { sameIdentity, type Identity } from '../../../lib/files/hot-files.ts'
import { longestKeyFile } from '../../../lib/files/servable.ts'

/** The content of a file is not what was looked at: it was written meanwhile, or is another file. */
export class ContentChanged extends Error {}

const pieceBytes = 262_144

/** Neither a link is followed, nor does a pipe make us wait. */
export const openForReading = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY)

/** The bytes from `from` on, in pieces; each is good only until the next one is asked for. */
export async function* pieces(handle: FileHandle, from = 0, bytes = pieceBytes): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(bytes)
  for (let at = from; ;) {
    const { bytesRead } = await handle.read(buffer, 0, bytes, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Goes on with `hash` over what the file holds. @returns how many bytes that is */
export async function hashInto(hash: Hash, handle: FileHandle, signal: AbortSignal): Promise<number> {
  let bytes = 0
  for await (const piece of pieces(handle)) {
    signal.throwIfAborted()
    hash.update(piece)
    bytes += piece.length
  }
  return bytes
}

/**
 * Reads a file once.
 * @param check is given the whole content where that is small enough to look into
 * @throws ContentChanged when the file is not, or did not stay, the one that was looked at; whatever `check` throws
 */
export async function hashFile(
  path: string,
  seen: Identity,
  { signal, check }: { signal: AbortSignal; check?: (content: Buffer) => void },
): Promise<string> {
  const handle = await openForReading(path)
  try {
    const hash = createHash('sha256')
    if (seen.size > smallBytes) await hashInto(hash, handle, signal)
    else {
      const content = await readSmall(handle, seen.size)
      check?.(content)
      hash.update(content)
    }
    await checkSame(handle, path, seen)
    return hash.digest('hex')
  } finally {
    await handle.close()
  }
}

const smallBytes = longestKeyFile

async function readSmall(handle: FileHandle, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size), 0, size, 0)
  return buffer.subarray(0, bytesRead)
}

export async function checkSame(handle: FileHandle, path: string, seen: Identity): Promise<void> {
  if (!sameIdentity(await handle.stat(), seen)) throw new ContentChanged(`${path} changed meanwhile`)
}
