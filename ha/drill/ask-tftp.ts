import { createSocket } from 'node:dgram'
import { isIPv6, SocketAddress } from 'node:net'
import { printable } from '../../lib/base/printable.ts'
import { WrongAnswer } from './timed.ts'

export interface Place {
  host: string
  port: number
}

/** RFC 1350, 5. */
const opcode = { data: 3, error: 5 } as const
const notFound = 1
const blockBytes = 512

export type TftpAnswer = 'data' | 'not found'

/**
 * Asks for the first block of a file (RFC 1350), once: nothing is sent again, for the next request follows anyway.
 * Whoever asks has a port of its own, as a phone has.
 */
export async function askTftp({ host, port }: Place, name: string, signal: AbortSignal): Promise<TftpAnswer> {
  signal.throwIfAborted()
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const expected = spelled(host)
  const over = Promise.withResolvers<TftpAnswer>()
  const giveUp = () => over.reject(signal.reason)
  signal.addEventListener('abort', giveUp)
  socket.on('error', (error) => over.reject(error))
  socket.on('message', (packet, from) => {
    if (from.address !== expected) return // nor would a phone look at it
    const answer = meaningOf(packet)
    if (answer instanceof WrongAnswer) return over.reject(answer)
    const last = lastWord(packet)
    if (last === undefined) return over.resolve(answer)
    socket.send(last, from.port, host, () => over.resolve(answer))
  })
  try {
    socket.send(Buffer.from(`\0\x01${name}\0octet\0`, 'latin1'), port, host)
    return await over.promise
  } finally {
    signal.removeEventListener('abort', giveUp)
    socket.close()
  }
}

/** As the kernel writes it. */
const spelled = (address: string) =>
  isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address

function meaningOf(packet: Buffer): TftpAnswer | WrongAnswer {
  const kind = packet.length < 4 ? 0 : packet.readUInt16BE(0)
  if (kind === opcode.data && packet.readUInt16BE(2) === 1) return 'data'
  if (kind !== opcode.error) return new WrongAnswer(`${packet.length} bytes that are no answer`)
  const code = packet.readUInt16BE(2)
  const text = packet.subarray(4).toString('latin1').replace(/\0.*$/s, '')
  return code === notFound ? 'not found' : new WrongAnswer(`error ${code} (${printable(text, 80)})`)
}

/** A whole file is acknowledged; of a longer one we want no more, and say so with error 0. */
function lastWord(packet: Buffer): Buffer | undefined {
  if (packet.readUInt16BE(0) !== opcode.data) return undefined
  return packet.length < 4 + blockBytes
    ? Buffer.from([0, 4, 0, 1])
    : Buffer.from('\0\x05\0\0enough\0', 'latin1')
}
