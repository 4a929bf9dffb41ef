import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../files/refusal.ts'
import type { Upload } from '../files/upload.ts'

/** The client waits for our leave before it sends the body (RFC 9110, 10.1.1). */
export function expectsContinue({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === '1.1' && /(?:^|\W)100-continue(?:$|\W)/i.test(headers.expect ?? '')
}

/**
 * Hands the body of a request to the upload piece by piece, each when the one before has been taken; a client that
 * is faster than the disk is slowed down.
 * @throws Refusal `incomplete` when the client stops or goes before the end, and what the upload refuses
 */
export async function takeBody(
  request: IncomingMessage,
  response: ServerResponse,
  upload: Upload,
  progress: { sent: number },
): Promise<void> {
  if (expectsContinue(request)) response.writeContinue()
  let received = 0
  for (;;) {
    const piece = await nextPiece(request, received)
    if (piece === undefined) return
    await upload.write(piece)
    received += piece.length
    progress.sent = received
  }
}

/** Undefined: that was all. */
async function nextPiece(request: IncomingMessage, received: number): Promise<Buffer | undefined> {
  for (;;) {
    const piece: unknown = request.read()
    if (Buffer.isBuffer(piece)) return piece
    if (request.readableEnded && request.complete) return undefined
    // A client may end its side and still wait for an answer: the request is not destroyed then.
    if (request.destroyed || (request.socket.readableEnded && !request.complete)) {
      const announced = request.headers['content-length']
      throw new Refusal('incomplete', `only ${received} of ${announced} bytes came`)
    }
    await somethingHappens(request)
  }
}

function somethingHappens(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const happenings: [EventEmitter, string][] = [
    [request, 'readable'],
    [request, 'end'],
    [request, 'close'],
    [request.socket, 'end'],
  ]
  for (const [emitter, event] of happenings) emitter.once(event, resolve)
  return promise.finally(() => {
    for (const [emitter, event] of happenings) emitter.off(event, resolve)
  })
}
