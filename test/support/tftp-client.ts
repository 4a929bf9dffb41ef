import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'

/** A TFTP client for tests, written apart from the server: what both got wrong would otherwise pass. */

export interface FetchOptions {
  port: number
  address?: string
  /** Bind to this local address and port. */
  from?: { address?: string; port?: number }
  mode?: string
  options?: Readonly<Record<string, string | number>>
  /** An unanswered packet is sent again after this long; the phone's own patience. */
  resendMs?: number
  /** Without any progress for this long the client gives up. */
  giveUpMs?: number
  /** Acknowledge every block twice. */
  ackTwice?: boolean
  /** Stay after the last acknowledgement for this long, to acknowledge the last block again if it comes again. */
  dallyMs?: number
  /** Called with each data block that is new; return false to leave without a word. */
  onBlock?: (block: number) => boolean | void
}

export interface Fetched {
  bytes: Buffer
  /** Options of the OACK, as they came; `undefined` without an OACK. */
  granted: Record<string, string> | undefined
  /** Where the data came from. */
  server: { address: string; port: number }
  /** DATA packets received, the repeated ones included. */
  packets: number
}

/** The server said no. */
export class TftpError extends Error {
  readonly code: number
  constructor(code: number, text: string) {
    super(text)
    this.code = code
  }
}

export const requestPacket = (
  opcode: number,
  name: string | Buffer,
  mode = 'octet',
  options: Readonly<Record<string, string | number>> = {},
) => {
  const words = [mode, ...Object.entries(options).flatMap(([key, value]) => [key, String(value)])]
  return Buffer.concat([Buffer.from([0, opcode]), Buffer.from(name), Buffer.from(`\0${words.join('\0')}\0`)])
}
export const readRequest = (
  name: string | Buffer,
  mode?: string,
  options?: Readonly<Record<string, string | number>>,
) => requestPacket(1, name, mode, options)
export const ackPacket = (block: number) => Buffer.from([0, 4, (block >> 8) & 0xff, block & 0xff])

/** A socket that sends at once: by default node:dgram first looks up even an address that is one. */
const openSocket = (address: string) =>
  createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    lookup: (host, _options, callback) => callback(null, host, 0),
  })

/** Fetches a file. @throws TftpError, or Error when the server falls silent */
export async function tftpFetch(name: string | Buffer, options: FetchOptions): Promise<Fetched> {
  const { address = '127.0.0.1', from = {} } = options
  const socket = openSocket(address)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(from.port ?? 0, from.address, resolve)
    })
    socket.setRecvBufferSize(4 << 20)
    return await new Fetch(socket, name, { address, ...options }).result
  } finally {
    await new Promise<void>((resolve) => {
      socket.close(() => resolve())
    })
  }
}

class Fetch {
  readonly result: Promise<Fetched>
  readonly #socket: Socket
  readonly #options: FetchOptions & { address: string }
  readonly #settle = Promise.withResolvers<Fetched>()
  readonly #blocks: Buffer[] = []
  #server: { address: string; port: number }
  #granted: Record<string, string> | undefined
  #blockSize = 512
  #window = 1
  #inWindow = 0
  #toldGap = false
  #packets = 0
  #last: Buffer
  #timer: NodeJS.Timeout | undefined
  #progressAt = performance.now()
  #isComplete = false

  constructor(socket: Socket, name: string | Buffer, options: FetchOptions & { address: string }) {
    this.#socket = socket
    this.#options = options
    this.#server = { address: options.address, port: options.port }
    this.#last = readRequest(name, options.mode, options.options)
    this.result = this.#settle.promise.finally(() => clearTimeout(this.#timer))
    socket.on('error', (error) => this.#settle.reject(error))
    socket.on('message', (packet, sender) => this.#receive(packet, sender))
    this.#send(this.#last)
  }

  #receive(packet: Buffer, sender: RemoteInfo): void {
    const isFirst = this.#packets === 0 && this.#granted === undefined
    if (!isFirst && sender.port !== this.#server.port) return
    if (isFirst) this.#server = { address: sender.address, port: sender.port }
    const opcode = packet.readUInt16BE(0)
    if (opcode === 5) {
      const text = packet.subarray(4, packet.indexOf(0, 4)).toString()
      this.#settle.reject(new TftpError(packet.readUInt16BE(2), text))
    } else if (opcode === 6) this.#accept(packet)
    else if (opcode === 3) this.#data(packet.readUInt16BE(2), packet.subarray(4))
  }

  #accept(packet: Buffer): void {
    if (this.#packets > 0) return
    const words = packet.subarray(2, -1).toString().split('\0')
    this.#granted = {}
    for (let at = 0; at < words.length; at += 2) this.#granted[words[at] ?? ''] = words[at + 1] ?? ''
    const lower = Object.fromEntries(
      Object.entries(this.#granted).map(([key, value]) => [key.toLowerCase(), Number(value)]),
    )
    this.#blockSize = lower['blksize'] ?? 512
    this.#window = lower['windowsize'] ?? 1
    this.#progressAt = performance.now()
    this.#send(ackPacket(0))
  }

  #data(block: number, data: Buffer): void {
    this.#packets += 1
    if (block !== ((this.#blocks.length + 1) & 0xffff)) return this.#unexpected(block)
    this.#toldGap = false
    this.#progressAt = performance.now()
    this.#blocks.push(Buffer.from(data))
    if (this.#options.onBlock?.(this.#blocks.length) === false) return this.#finish()
    this.#inWindow += 1
    const isLast = data.length < this.#blockSize
    if (isLast) this.#isComplete = true
    if (!isLast && this.#inWindow < this.#window) return
    this.#acknowledge()
    if (isLast) setTimeout(() => this.#finish(), this.#options.dallyMs ?? 0)
  }

  /** Earlier than awaited: our acknowledgement was lost. Later: a block was lost (RFC 7440, 4: tell once). */
  #unexpected(block: number): void {
    const behind = (this.#blocks.length - block) & 0xffff
    const isRepeated = behind < 32_768
    if (isRepeated && (this.#window === 1 || behind === 0)) return this.#acknowledge()
    if (isRepeated || this.#toldGap) return
    this.#toldGap = true
    this.#acknowledge()
  }

  #acknowledge(): void {
    this.#inWindow = 0
    const ack = ackPacket(this.#blocks.length)
    this.#send(ack)
    if (this.#options.ackTwice === true) this.#send(ack)
  }

  #send(packet: Buffer): void {
    this.#last = packet
    this.#socket.send(packet, this.#server.port, this.#server.address)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#again(), this.#options.resendMs ?? 1_000)
  }

  #again(): void {
    if (this.#isComplete) return
    const { giveUpMs = 20_000 } = this.#options
    if (performance.now() - this.#progressAt > giveUpMs) {
      this.#settle.reject(new Error(`no progress for ${giveUpMs} ms after ${this.#blocks.length} blocks`))
    } else this.#send(this.#last)
  }

  #finish(): void {
    this.#settle.resolve({
      bytes: Buffer.concat(this.#blocks),
      granted: this.#granted,
      server: this.#server,
      packets: this.#packets,
    })
  }
}

/** A packet that came, and where from. */
export interface Heard {
  packet: Buffer
  address: string
  port: number
}

/** A bare UDP socket: says anything, and waits for what comes. */
export class RawClient {
  readonly #socket: Socket
  readonly #heard: Heard[] = []
  #waiting: ((heard: Heard) => void) | undefined
  #closed: Promise<void> | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (packet, { address, port }) => {
      const heard = { packet, address, port }
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting === undefined) this.#heard.push(heard)
      else waiting(heard)
    })
  }

  static async open(address = '127.0.0.1', port = 0): Promise<RawClient> {
    const socket = openSocket(address)
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(port, address, resolve)
    })
    return new RawClient(socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** How many packets came that nobody has asked for yet. */
  get unread(): number {
    return this.#heard.length
  }

  send(packet: Uint8Array, port: number, address = this.#socket.address().address): void {
    this.#socket.send(packet, port, address)
  }

  /** The next packet, or an error after `withinMs`. */
  next(withinMs = 5_000): Promise<Heard> {
    const heard = this.#heard.shift()
    if (heard !== undefined) return Promise.resolve(heard)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = undefined
        reject(new Error(`nothing was heard for ${withinMs} ms`))
      }, withinMs)
      this.#waiting = (packet) => {
        clearTimeout(timer)
        resolve(packet)
      }
    })
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#socket.close(() => resolve())
    })
    return this.#closed
  }
}
