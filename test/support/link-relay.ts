import { createSocket } from 'node:dgram'
import type { TestContext } from 'node:test'
import { seededRandom } from './random.ts'

export interface RelayEnd {
  address: string
  port: number
}

export interface RecordedPacket {
  /** Where it was to go. */
  to: RelayEnd
  bytes: Buffer
}

/** Stands between two agents, keeps all that passes, and can lose it, hold it back or play it again. */
export interface LinkRelay {
  address: string
  port: number
  /** All that came, in order, whether or not it was passed on. */
  packets: RecordedPacket[]
  /** Share of packets lost. */
  loss: number
  /** What passes; others are held back. */
  passes: (packet: RecordedPacket) => boolean
  /** Sends bytes to one of the ends as if they came from the other. */
  play(to: RelayEnd, bytes: Uint8Array): Promise<void>
}

/** Whatever comes from one end's port goes to the other end. */
export async function startLinkRelay(
  t: TestContext,
  [a, b]: readonly [RelayEnd, RelayEnd],
  seed = 1,
): Promise<LinkRelay> {
  const random = seededRandom(seed)
  const socket = createSocket('udp4')
  const address = '127.8.0.9'
  await new Promise<void>((resolve) => socket.bind(0, address, resolve))
  t.after(() => socket.close())
  const relay: LinkRelay = {
    address,
    port: socket.address().port,
    packets: [],
    loss: 0,
    passes: () => true,
    play: ({ address: host, port }, bytes) =>
      new Promise((resolve) => socket.send(bytes, port, host, () => resolve())),
  }
  socket.on('message', (bytes, from) => {
    const packet = { to: from.port === a.port && from.address === a.address ? b : a, bytes }
    relay.packets.push(packet)
    if (random() >= relay.loss && relay.passes(packet)) void relay.play(packet.to, bytes)
  })
  return relay
}
