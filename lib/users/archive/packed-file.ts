import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGunzip, gzip } from 'node:zlib'

/** Files packed with gzip. Contents come from memory as they do from the store; what is read back is streamed. */

const pack = promisify(gzip)

/** Writes `content` packed to `path`; it is on the disk when this resolves. */
export async function writePacked(path: string, content: Buffer): Promise<void> {
  const packed = await pack(content)
  const handle = await open(path, 'w', 0o640)
  try {
    await handle.writeFile(packed)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** SHA-256 of what a packed file holds, hex; undefined when it is not there, or damaged, or larger than `size`. */
export async function hashOfPacked(path: string, size: number): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await eachPiece(path, size, (piece) => hash.update(piece))
  } catch {
    return undefined
  }
  return hash.digest('hex')
}

export interface Unpacked {
  /** All of it, or what came before the damage. */
  content: Buffer
  /** What is wrong with the packing. */
  damage?: string
}

/**
 * What a packed file holds, up to `size` bytes.
 * @throws Error when it cannot be read
 */
export async function readPacked(path: string, size: number): Promise<Unpacked> {
  const pieces: Buffer[] = []
  try {
    await eachPiece(path, size, (piece) => pieces.push(piece))
    return { content: Buffer.concat(pieces) }
  } catch (error) {
    if (!isDamage(error)) throw error
    return { content: Buffer.concat(pieces), damage: error.message }
  }
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

async function eachPiece(path: string, size: number, take: (piece: Buffer) => void): Promise<void> {
  let left = size
  await pipeline(createReadStream(path), createGunzip(), async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      left -= piece.length
      if (left < 0) throw new TooLong(`it holds more than the ${size} bytes that were packed`)
      take(piece)
    }
  })
}

class TooLong extends Error {}

/** Not a fault of the disk: zlib did not like what it read, or there was more than there should be. */
const isDamage = (error: unknown): error is Error =>
  error instanceof TooLong ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
