import { connect, type Socket } from 'node:net'
import type { Attempt } from './attempt.ts'
import type { Target } from './target.ts'

/** Without `from` the kernel chooses where it comes from. */
type Place = Omit<Target, 'from'> & Partial<Target>

/** Opens a TCP connection that is destroyed when the run ends early. The caller destroys it otherwise. */
export async function dial(attempt: Attempt, { host, port, from }: Place): Promise<Socket> {
  attempt.signal.throwIfAborted()
  const socket = connect({ host, port, localAddress: from })
  const cut = () => socket.destroy(attempt.signal.reason as Error)
  attempt.signal.addEventListener('abort', cut)
  socket.once('close', () => attempt.signal.removeEventListener('abort', cut))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve)
  socket.once('error', reject)
  await attempt.phase('connect', () => promise)
  socket.on('error', () => {}) // 'close' follows
  return socket
}
