import { connect, type Socket } from 'node:net'

export interface ActiveTerms {
  /** Of the client, as its control connection has it. */
  remoteAddress: string
  port: number
  /** The local address the client came to. */
  localAddress: string
  /** Port to come from; 0: any. */
  localPort: number
  /** `localPort` could not be used, and any port is. */
  onPortRefused: (cause: Error) => void
  /** Each socket as it is made, so that it can be destroyed while it connects. */
  onSocket: (socket: Socket) => void
}

/** Another socket has the port, we may not use it, or the last connection to this very place is not forgotten yet. */
const portRefused = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES'])

/**
 * Connects to a client, from the data port that its firewall may know.
 * @throws Error when the client is not there, or the socket was destroyed meanwhile
 */
export async function connectToClient(terms: ActiveTerms): Promise<Socket> {
  const { localPort, onPortRefused } = terms
  try {
    return await dial(terms, localPort)
  } catch (error) {
    if (localPort === 0 || !(error instanceof Error && 'code' in error)) throw error
    if (!portRefused.has(String(error.code))) throw error
    onPortRefused(error)
    return dial(terms, 0)
  }
}

function dial(
  { remoteAddress, port, localAddress, onSocket }: ActiveTerms,
  localPort: number,
): Promise<Socket> {
  const socket = connect({
    host: remoteAddress,
    port,
    localAddress,
    ...(localPort === 0 ? {} : { localPort }),
    allowHalfOpen: true,
    noDelay: true,
  })
  onSocket(socket)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const ended = () => reject(new Error('the connection was given up'))
  socket.on('error', reject) // stays: 'close' follows, and tells all
  socket.once('close', ended)
  socket.once('connect', () => resolve(socket))
  return promise.finally(() => socket.off('close', ended))
}
