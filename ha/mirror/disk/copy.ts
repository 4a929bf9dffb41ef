import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { writeAll } from '../../../lib/users/store/write-all.ts'
import { openForReading, pieces } from './content.ts'

/** @returns the SHA-256 of what was copied */
export async function copyTo(
  to: string,
  from: string,
  flags: 'wx' | 'w',
  finish: (handle: FileHandle) => Promise<void> = (handle) => handle.sync(),
): Promise<string> {
  const source = await openForReading(from)
  try {
    const target = await open(to, flags, 0o600)
    try {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const piece of pieces(source)) {
        hash.update(piece)
        await writeAll(target, piece, bytes)
        bytes += piece.length
      }
      await finish(target)
      return hash.digest('hex')
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}
