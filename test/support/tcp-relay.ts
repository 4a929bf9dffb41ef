import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface TcpRelay {
  /** host:port where clients connect. */
  endpoint: string
  /** How many have connected so far, and how many still are. */
  connections: number
  open(): number
  /** From now on what is open says nothing more, as when the other machine lost its power; what comes new is served. */
  swallow(): void
  /** Breaks what is open, and refuses what comes, until it is mended. */
  cut(): Promise<void>
  mend(): Promise<void>
}

interface Pair {
  ends: readonly [Socket, Socket]
  swallowed: boolean
}

/** Stands before a TCP server, until the test ends. @param wanted port; 0: whichever is free */
export async function startTcpRelay(t: TestContext, target: string, wanted = 0): Promise<TcpRelay> {
  const pairs = new Set<Pair>()
  const accept = (client: Socket) => {
    relay.connections += 1
    pairs.add(joined(client, target))
  }
  let listener = await listen(accept, wanted)
  const { port } = listener.address() as AddressInfo
  const relay: TcpRelay = {
    endpoint: `127.0.0.1:${port}`,
    connections: 0,
    open: () => [...pairs].filter(({ ends: [client] }) => !client.destroyed).length,
    swallow() {
      for (const pair of pairs) pair.swallowed = true
    },
    async cut() {
      if (!listener.listening) return
      listener.close()
      for (const { ends } of pairs) for (const socket of ends) socket.destroy()
      pairs.clear()
      await once(listener, 'close')
    },
    async mend() {
      listener = await listen(accept, port)
    },
  }
  t.after(() => relay.cut())
  return relay
}

async function listen(accept: (client: Socket) => void, port: number): Promise<Server> {
  const listener = createServer(accept).listen(port, '127.0.0.1')
  await once(listener, 'listening')
  return listener
}

function joined(client: Socket, target: string): Pair {
  const { hostname, port } = new URL(`tcp://${target}`)
  const server = connect(Number(port), hostname)
  const pair: Pair = { ends: [client, server], swallowed: false }
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.on('data', (chunk) => void (pair.swallowed || to.write(chunk)))
    from.on('close', () => void (pair.swallowed || to.destroy()))
    from.on('error', () => {})
  }
  return pair
}
