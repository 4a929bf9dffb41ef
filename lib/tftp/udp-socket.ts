import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'

export interface BindOptions {
  address: string
  /** Tried in this order until one is free; 0 is any free port. */
  ports: Iterable<number>
  /** Bytes the kernel may hold for us; it may grant less. */
  receiveBytes?: number
}

/**
 * A UDP socket on one local address, so that what it sends leaves from there. It is not connected: packets from
 * strangers must be seen, to be answered (RFC 1350, 4).
 *
 * Surprises of node:dgram, kept here: each send looks its address up in the DNS, numeric or not, unless a lookup of
 * ours answers at once; a send without a callback swallows its error, which to us is a lost packet; a socket that
 * could not be bound is still open.
 * @throws the error of the last port tried
 */
export function bindUdp({ address, ports, receiveBytes }: BindOptions): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ...(isIPv6(address) ? { ipv6Only: true } : {}),
    ...(receiveBytes === undefined ? {} : { recvBufferSize: receiveBytes }),
    lookup: (host, _options, callback) => callback(null, host, 0),
  })
  return new Promise((resolve, reject) => {
    const untried = ports[Symbol.iterator]()
    const tryNext = (error?: Error) => {
      const next = untried.next()
      if (next.done !== true) socket.bind({ address, port: next.value, exclusive: true })
      else socket.close(() => reject(error ?? new Error(`no port to bind on ${address}`)))
    }
    socket.on('error', tryNext)
    socket.once('listening', () => {
      socket.off('error', tryNext)
      resolve(socket)
    })
    tryNext()
  })
}
