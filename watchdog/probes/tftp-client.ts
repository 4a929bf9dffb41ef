import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { printable } from '../../lib/base/printable.ts'
import { Missed, type Attempt } from './attempt.ts'
import type { Target } from './target.ts'

/**
 * Reads files over TFTP (RFC 1350, 2347 to 2349). Written apart from the server, so that they do not share an error; the
 * client of the npm package `tftp` always sends options, among them a timeout that RFC 2349 does not allow, and cannot
 * come from an address of our choice.
 */

/** The server said no (RFC 1350, 5). */
export class TftpRefused extends Missed {
  readonly code: number

  constructor(code: number, text: string) {
    super(`error ${code} (${printable(text, 80)})`)
    this.code = code
  }
}

export interface TftpFile {
  bytes: Buffer
  /** Options as they were granted; undefined where the server began with data. */
  granted: ReadonlyMap<string, string> | undefined
}

/** Nothing that is asked for is longer. */
const mostBytes = 4 << 20
/** An unanswered packet is sent again after this long. */
const resendMs = 500

/** Reads one file. The socket is closed however it ends. @throws TftpRefused, Missed */
export async function readOverTftp(
  attempt: Attempt,
  target: Target,
  name: string,
  options: Readonly<Record<string, number>> = {},
): Promise<TftpFile> {
  attempt.signal.throwIfAborted()
  const socket = createSocket(isIPv6(target.host) ? 'udp6' : 'udp4')
  try {
    socket.bind(0, target.from)
    await once(socket, 'listening')
    return await new Reading(attempt, socket, target).read(name, options)
  } finally {
    socket.close()
  }
}

class Reading {
  readonly #signal: AbortSignal
  readonly #socket: Socket
  readonly #host: string
  readonly #pieces: Buffer[] = []
  readonly #over = Promise.withResolvers<TftpFile>()
  /** Where packets go: the door, until the transfer has a port of its own (RFC 1350, 4). */
  #port: number
  #isAnswered = false
  #granted: ReadonlyMap<string, string> | undefined
  #blockSize = 512
  #bytes = 0
  #last: Buffer = Buffer.alloc(0)
  #resend: NodeJS.Timeout | undefined

  constructor({ signal }: Attempt, socket: Socket, { host, port }: Target) {
    this.#signal = signal
    this.#socket = socket
    this.#host = host
    this.#port = port
  }

  async read(name: string, options: Readonly<Record<string, number>>): Promise<TftpFile> {
    const giveUp = () => this.#over.reject(this.#signal.reason)
    this.#signal.addEventListener('abort', giveUp)
    if (this.#signal.aborted) giveUp()
    this.#socket.on('error', (error) => this.#over.reject(error))
    this.#socket.on('message', (packet, sender) => this.#hear(packet, sender))
    try {
      this.#send(requestFor(name, options))
      return await this.#over.promise
    } finally {
      clearTimeout(this.#resend)
      this.#signal.removeEventListener('abort', giveUp)
    }
  }

  #hear(packet: Buffer, { address, port }: RemoteInfo): void {
    // Phones ignore what comes from elsewhere, and so do we.
    if (address !== this.#host || (this.#isAnswered && port !== this.#port)) return
    try {
      this.#understand(packet, port)
    } catch (error) {
      this.#over.reject(error)
    }
  }

  #understand(packet: Buffer, port: number): void {
    const opcode = packet.length < 4 ? 0 : packet.readUInt16BE(0)
    if (opcode < 3 || opcode === 4 || opcode > 6)
      throw new Missed(`a packet of ${packet.length} bytes that is no answer`)
    const isFirst = !this.#isAnswered
    this.#isAnswered = true
    this.#port = port
    if (opcode === 5)
      throw new TftpRefused(
        packet.readUInt16BE(2),
        packet.subarray(4).toString('latin1').replace(/\0.*$/s, ''),
      )
    if (opcode === 3) this.#take(packet.readUInt16BE(2), packet.subarray(4))
    else if (isFirst) this.#agree(packet)
    else if (this.#pieces.length === 0) this.#send(this.#last)
  }

  /** Options that were granted count from the first block on (RFC 2347). */
  #agree(packet: Buffer): void {
    const words = packet.subarray(2, -1).toString('latin1').split('\0')
    const granted = new Map<string, string>()
    for (let at = 0; at + 1 < words.length; at += 2)
      granted.set((words[at] ?? '').toLowerCase(), words[at + 1] ?? '')
    this.#granted = granted
    this.#blockSize = Number(granted.get('blksize') ?? 512)
    this.#send(acknowledgement(0))
  }

  #take(block: number, data: Buffer): void {
    const awaited = (this.#pieces.length + 1) & 0xffff
    // The one before came again: our acknowledgement was lost.
    if (block === ((awaited - 1) & 0xffff) && this.#pieces.length > 0)
      return this.#send(acknowledgement(block))
    if (block !== awaited) return
    if (data.length > this.#blockSize)
      throw new Missed(`a block of ${data.length} bytes instead of ${this.#blockSize}`)
    this.#pieces.push(Buffer.from(data))
    this.#bytes += data.length
    if (this.#bytes > mostBytes) throw new Missed(`more than ${mostBytes} bytes came`)
    this.#send(acknowledgement(block))
    if (data.length < this.#blockSize)
      this.#over.resolve({ bytes: Buffer.concat(this.#pieces), granted: this.#granted })
  }

  #send(packet: Buffer): void {
    this.#last = packet
    clearTimeout(this.#resend)
    this.#resend = setTimeout(() => this.#send(packet), resendMs)
    this.#socket.send(packet, this.#port, this.#host)
  }
}

function requestFor(name: string, options: Readonly<Record<string, number>>): Buffer {
  const words = [name, 'octet', ...Object.entries(options).flatMap(([key, value]) => [key, String(value)])]
  return Buffer.from(`\0\x01${words.join('\0')}\0`, 'latin1')
}

const acknowledgement = (block: number) => Buffer.from([0, 4, block >> 8, block & 0xff])
