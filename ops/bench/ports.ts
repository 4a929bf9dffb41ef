import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

type Tuple<T, N extends number, R extends T[] = []> = R['length'] extends N ? R : Tuple<T, N, [...R, T]>

/** Ports of the loopback that nobody used a moment ago. */
export async function freePorts<N extends number>(count: N): Promise<Tuple<number, N>> {
  const holders = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer().listen(0, '127.0.0.1')
      await once(holder, 'listening')
      return holder
    }),
  )
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port)
  await Promise.all(holders.map((holder) => holder[Symbol.asyncDispose]()))
  return ports as Tuple<number, N>
}

export function acceptsConnections(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address)
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

const answerWithinMs = 200

/** Whether a request for a file that is not there is answered, with the error it deserves. */
export async function answersTftp(address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    const answered = new Promise<boolean>((resolve) => {
      socket.on('message', () => resolve(true))
      socket.on('error', () => resolve(false))
    })
    socket.send(Buffer.from('\0\x01are-you-there\0octet\0'), port, address)
    return await Promise.race([answered, sleep(answerWithinMs, false)])
  } finally {
    socket.close()
  }
}
