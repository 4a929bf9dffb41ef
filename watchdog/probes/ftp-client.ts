import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { printable } from '../../lib/base/printable.ts'
import { Missed, type Attempt } from './attempt.ts'
import { dial } from './dial.ts'
import { FtpReplies, type FtpReply } from './ftp-replies.ts'
import { secure } from './tls.ts'
import type { Target } from './target.ts'

/** How the data connection comes about. */
export type Way = 'passive' | 'active'

/** Says what phones say over FTP (RFC 959, 2428, 4217), written apart from the server. */
export class FtpClient {
  readonly #attempt: Attempt
  readonly #target: Target
  #control: Socket
  #replies: FtpReplies
  /** Of the data connections, once they are encrypted. */
  #tls: ConnectionOptions | undefined

  private constructor(attempt: Attempt, target: Target, control: Socket) {
    this.#attempt = attempt
    this.#target = target
    this.#control = control
    this.#replies = new FtpReplies(control)
  }

  /** Connects; with `tls`, encrypted from the first byte. The welcome is not read yet. */
  static async open(attempt: Attempt, target: Target, tls?: ConnectionOptions): Promise<FtpClient> {
    const socket = await dial(attempt, target)
    try {
      const control = tls === undefined ? socket : await attempt.phase('tls', () => secure(socket, tls))
      return new FtpClient(attempt, target, control)
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /** The control connection as it is now. */
  get control(): Socket {
    return this.#control
  }

  close(): void {
    this.#control.destroy()
  }

  next(): Promise<FtpReply> {
    return this.#replies.next()
  }

  async expectWelcome(): Promise<void> {
    expected(await this.next(), [220])
  }

  ask(command: string): Promise<FtpReply> {
    this.#control.write(`${command}\r\n`, 'latin1')
    return this.next()
  }

  /** @throws Missed when the answer is another */
  async expect(command: string, ...codes: readonly number[]): Promise<FtpReply> {
    return expected(await this.ask(command), codes)
  }

  /** AUTH TLS (RFC 4217, 4). */
  async encrypt(tls: ConnectionOptions): Promise<void> {
    await this.expect('AUTH TLS', 234)
    this.#replies.stop()
    this.#control = await this.#attempt.phase('tls', () => secure(this.#control, tls))
    this.#replies = new FtpReplies(this.#control)
  }

  /** Data connections are encrypted from now on. */
  async protect(tls: ConnectionOptions): Promise<void> {
    await this.expect('PBSZ 0', 200)
    await this.expect('PROT P', 200)
    this.#tls = tls
  }

  async store(name: string, bytes: Buffer, way: Way): Promise<void> {
    await this.#transfer(`STOR ${name}`, way, async (data) => {
      data.end(bytes)
      data.resume()
      if (!data.closed) await once(data, 'close')
    })
  }

  async fetch(name: string, way: Way): Promise<Buffer> {
    const pieces: Buffer[] = []
    await this.#transfer(`RETR ${name}`, way, async (data) => {
      for await (const piece of data as AsyncIterable<Buffer>) pieces.push(piece)
    })
    return Buffer.concat(pieces)
  }

  async #transfer(command: string, way: Way, move: (data: Socket) => Promise<void>): Promise<void> {
    const opening = way === 'passive' ? await this.#passive() : await this.#active()
    try {
      expected(await this.ask(command), [125, 150])
      const plain = await opening.connection()
      await move(this.#tls === undefined ? plain : await secure(plain, this.#tls))
      expected(await this.next(), [226, 250])
    } finally {
      opening.close()
    }
  }

  async #passive(): Promise<DataOpening> {
    const command = isIPv6(this.#target.host) ? 'EPSV' : 'PASV'
    const { text } = await this.expect(command, 227, 229)
    const numbers = /(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})/.exec(text)
    const port =
      numbers === null
        ? Number(/\|\|\|(\d{1,5})\|/.exec(text)?.[1])
        : Number(numbers[1]) * 256 + Number(numbers[2])
    if (!(port > 0 && port < 65_536)) throw new Missed(`${command} was answered with no port: ${text}`)
    // The address in it is for phones, perhaps beyond a NAT.
    const data = await dial(this.#attempt, { ...this.#target, port })
    return { connection: async () => data, close: () => data.destroy() }
  }

  async #active(): Promise<DataOpening> {
    const listener = createServer()
    const arrival = firstOf(listener, this.#attempt.signal)
    try {
      listener.listen(0, this.#target.from)
      await once(listener, 'listening')
      const place = listener.address()
      const port = typeof place === 'object' && place !== null ? place.port : 0
      await this.expect(this.#portCommand(port), 200)
    } catch (error) {
      arrival.close()
      throw error
    }
    return arrival
  }

  #portCommand(port: number): string {
    const { from } = this.#target
    if (isIPv6(from)) return `EPRT |2|${from}|${port}|`
    return `PORT ${from.replaceAll('.', ',')},${port >> 8},${port & 0xff}`
  }
}

interface DataOpening {
  /** The data connection, once it stands. */
  connection(): Promise<Socket>
  close(): void
}

/** Takes the first connection that comes. */
function firstOf(listener: Server, signal: AbortSignal): DataOpening {
  const arrived = Promise.withResolvers<Socket>()
  arrived.promise.catch(() => {}) // nobody may be waiting for it
  let data: Socket | undefined
  const close = () => {
    signal.removeEventListener('abort', giveUp)
    listener.close()
    data?.destroy()
  }
  const giveUp = () => {
    arrived.reject(signal.reason)
    close()
  }
  signal.addEventListener('abort', giveUp)
  listener.on('error', (error) => arrived.reject(error))
  listener.once('connection', (socket) => {
    data = socket
    socket.on('error', () => {}) // 'close' follows
    arrived.resolve(socket)
    listener.close()
  })
  return { connection: () => arrived.promise, close }
}

function expected(reply: FtpReply, codes: readonly number[]): FtpReply {
  if (codes.includes(reply.code)) return reply
  throw new Missed(`${reply.code} ${printable(reply.text, 160)}`)
}
