import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'

/** How long an answer of the network that says "nobody is there" may take; it only comes from near. */
const refusalMs = 250

/**
 * Sends one UDP packet. Nobody says that it arrived: it resolves when no host on the way has said the contrary at
 * once. The socket is connected, for the kernel tells of a closed port on none but such a socket (udp(7)).
 * @throws Error when it could not be sent, or nobody listens
 */
export async function sendDatagram(
  host: string,
  port: number,
  packet: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const { address, family } = await lookup(host)
  signal.throwIfAborted()
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  const over = Promise.withResolvers<void>()
  const onAbort = () => over.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  socket.on('error', over.reject)
  let timer: NodeJS.Timeout | undefined
  // What keeps it from connecting, such as a missing route, is told here and in no event.
  socket.connect(port, address, (unconnected?: Error) => {
    if (unconnected) return over.reject(unconnected)
    socket.send(packet, (error) => {
      if (error) return over.reject(error)
      timer = setTimeout(over.resolve, refusalMs)
    })
  })
  try {
    await over.promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    socket.close()
  }
}
