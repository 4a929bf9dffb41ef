import type { Socket } from 'node:net'
import type { Pieces } from '../files/pieces.ts'
import { FileChanged } from '../files/stored-file.ts'

/**
 * Bytes sent at once. Who takes them quickly gets more the next time, up to a limit, because each wait for
 * the network costs; who is slow gets few, because a client must take a piece within the time limit for data, or it
 * counts as standing still.
 */
const firstPiece = 131_072
const smallestPiece = 65_536
const quickMs = 250
const mostFromMemory = 1_048_576
const mostFromDisk = 262_144

/**
 * Sends everything from `from` on and ends the connection, each piece when the one before has gone to the network.
 * Resolves once the network has it all.
 * @param onSent told how far it is; returns the time, in milliseconds of any one clock
 * @throws FileChanged, what reading from a disk throws, and the error of a connection that broke
 */
export async function sendPieces(
  socket: Socket,
  pieces: Pieces,
  from: number,
  onSent: (position: number) => number,
): Promise<void> {
  let position = from
  let piece = firstPiece
  let sentAt = onSent(from)
  while (position < pieces.size) {
    const bytes = await pieces.read(position, Math.min(piece, pieces.size - position))
    if (bytes.length === 0) throw new FileChanged('the file')
    position += bytes.length
    if (position >= pieces.size) socket.end(bytes)
    else if (!socket.write(bytes)) await once(socket, 'drain')
    const now = onSent(position)
    piece =
      now - sentAt < quickMs
        ? Math.min(2 * piece, pieces.inMemory ? mostFromMemory : mostFromDisk)
        : smallestPiece
    sentAt = now
  }
  if (!socket.writableEnded) socket.end()
  if (!socket.writableFinished) await once(socket, 'finish')
}

/**
 * Receives until the client ends the connection in order.
 * @throws what `take` throws, and the error of a connection that broke: then the last bytes may be missing
 */
export async function receive(socket: Socket, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of socket) await take(chunk as Buffer)
}

/** Not that of node:events, which does not mind a connection that closes without an error. */
function once(socket: Socket, event: 'drain' | 'finish'): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const closed = () => reject(socket.errored ?? new Error('the connection was closed'))
  if (socket.destroyed) closed()
  socket.once(event, resolve)
  socket.once('close', closed)
  return promise.finally(() => {
    socket.off(event, resolve)
    socket.off('close', closed)
  })
}
