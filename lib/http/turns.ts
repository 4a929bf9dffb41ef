import type { Connection } from './connections.ts'

/**
 * A client may send requests without waiting for answers. They are worked on at once only where none of them changes
 * anything (RFC 9112, 9.3.2): what comes behind an upload must find the file that was uploaded.
 */

/** A client that waits for no answer to that many changes is up to something. */
const mostWaiting = 32

/**
 * Resolves when the request may be worked on; undefined: that is now. `false`: there is nobody left to answer, or we
 * no longer listen.
 */
export function takeTurn(connection: Connection, changes: boolean): Promise<boolean> | undefined {
  const { pending, waiting, changing } = connection
  if (pending === 0 || (!changes && !changing && waiting.length === 0)) {
    connection.changing = changes
    return undefined
  }
  if (waiting.length >= mostWaiting) connection.closing = true
  if (connection.closing) return Promise.resolve(false)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  waiting.push({ changes, go: () => resolve(!connection.closing && !connection.socket.destroyed) })
  return promise
}

/** All requests that were worked on have been answered: the next one's turn. */
export function passTurn(connection: Connection): void {
  const over = connection.closing || connection.socket.destroyed
  const next = connection.waiting.splice(0, over ? connection.waiting.length : 1)
  connection.changing = next.some(({ changes }) => changes)
  for (const { go } of next) go()
}
