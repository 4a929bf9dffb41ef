import { createSocket, type Socket } from 'node:dgram'
import { seededRandom } from './random.ts'

export interface RelayOptions {
  /** Where the server listens. */
  port: number
  /** Share of datagrams dropped, in each direction: 0.2 drops every fifth. */
  loss: number
  seed: number
}

export interface LossyRelay {
  /** Where clients ask. */
  port: number
  dropped: number
  passed: number
  close(): Promise<void>
}

/**
 * Stands between TFTP clients and a server on 127.0.0.1 and loses datagrams. To the server each client is a port of
 * its own; to a client each port the server answers from is one, too, so that transfer identifiers stay apart.
 */
export async function startLossyRelay({ port, loss, seed }: RelayOptions): Promise<LossyRelay> {
  const random = seededRandom(seed)
  const sockets = new Set<Socket>()
  const upstreams = new Map<number, Promise<Socket>>()
  const relay: LossyRelay = {
    port: 0,
    dropped: 0,
    passed: 0,
    async close() {
      await Promise.all(
        [...sockets].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
      )
    },
  }
  const survives = () => {
    const isLost = random() < loss
    if (isLost) relay.dropped += 1
    else relay.passed += 1
    return !isLost
  }
  const open = () =>
    new Promise<Socket>((resolve) => {
      const socket = createSocket('udp4')
      sockets.add(socket)
      socket.bind(0, '127.0.0.1', () => resolve(socket))
    })

  /** The client's face towards the server; opens a face towards the client for each port the server uses. */
  async function openUpstream(clientPort: number): Promise<Socket> {
    const upstream = await open()
    const downstreams = new Map<number, Promise<Socket>>()
    const openDownstream = async (serverPort: number) => {
      const downstream = await open()
      downstream.on('message', (packet, from) => {
        if (from.port === clientPort && survives()) upstream.send(packet, serverPort, '127.0.0.1')
      })
      return downstream
    }
    upstream.on('message', (packet, from) => {
      const downstream = downstreams.get(from.port) ?? openDownstream(from.port)
      downstreams.set(from.port, downstream)
      void downstream.then((socket) => {
        if (survives()) socket.send(packet, clientPort, '127.0.0.1')
      })
    })
    return upstream
  }

  const front = await open()
  front.on('message', (packet, from) => {
    const upstream = upstreams.get(from.port) ?? openUpstream(from.port)
    upstreams.set(from.port, upstream)
    void upstream.then((socket) => {
      if (survives()) socket.send(packet, port, '127.0.0.1')
    })
  })
  relay.port = front.address().port
  return relay
}
