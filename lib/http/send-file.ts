import type { ServerResponse } from 'node:http'
import type { Pieces } from '../files/pieces.ts'
import { FileChanged } from '../files/stored-file.ts'

/** Sent at once: large enough to keep the network busy, small enough that no phone waits long for another. */
export const pieceBytes = 262_144

/**
 * Sends `length` bytes from `from` on and ends the response: piece by piece, each when the one before has gone to
 * the network. Stops early once the client has gone.
 * @throws FileChanged, and what reading from a disk throws
 */
export async function sendPieces(
  response: ServerResponse,
  pieces: Pieces,
  { from, length }: { from: number; length: number },
  progress: { sent: number },
): Promise<void> {
  const end = from + length
  for (let position = from; position < end;) {
    const piece = await pieces.read(position, Math.min(pieceBytes, end - position))
    if (piece.length === 0) throw new FileChanged('the file')
    // After this there would be neither a 'drain' nor a 'close' to wait for.
    if (response.destroyed) return
    if (!response.write(piece)) await drained(response)
    position += piece.length
    progress.sent = position - from
  }
  response.end()
}

function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  response.once('drain', resolve)
  response.once('close', resolve)
  return promise.finally(() => {
    response.off('drain', resolve)
    response.off('close', resolve)
  })
}
