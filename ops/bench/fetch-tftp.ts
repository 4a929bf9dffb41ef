import { createHash } from 'node:crypto'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'

/** A plain TFTP read without options, as the old 46xx phones do it: 512 bytes, one block at a time (RFC 1350). */
export interface TftpRequest {
  server: string
  port: number
  /** Local address to ask from. */
  from: string
  name: string
}

export interface Fetched {
  /** HTTP status; 200 for TFTP. */
  status: number
  sha256: string
}

const blockBytes = 512
const code = { request: 1, data: 3, ack: 4, error: 5 }
const resendMs = 1_000
const maxTries = 8

/** @throws Error when the server refuses or falls silent */
export async function fetchTftp(request: TftpRequest): Promise<Fetched> {
  const socket = createSocket({ type: 'udp4', lookup: literal })
  try {
    return await new Promise((resolve, reject) => {
      const download = new Download(socket, request, resolve, reject)
      socket.on('error', (cause) => download.fail(cause))
      socket.on('message', (packet, from) => download.take(packet, from))
      socket.bind(0, request.from, () => download.send())
    })
  } finally {
    socket.close()
  }
}

class Download {
  readonly #socket: Socket
  readonly #request: TftpRequest
  readonly #resolve: (fetched: Fetched) => void
  readonly #reject: (reason: Error) => void
  readonly #hash = createHash('sha256')
  readonly #timer: NodeJS.Timeout
  /** The server's transfer port, once it has answered. */
  #port: number | undefined
  #expected = 1
  #tries = 0
  #last: Buffer

  constructor(
    socket: Socket,
    request: TftpRequest,
    resolve: (fetched: Fetched) => void,
    reject: (reason: Error) => void,
  ) {
    this.#socket = socket
    this.#request = request
    this.#resolve = resolve
    this.#reject = reject
    this.#last = Buffer.from(`\0${String.fromCharCode(code.request)}${request.name}\0octet\0`, 'latin1')
    this.#timer = setInterval(() => this.#resend(), resendMs)
  }

  send(): void {
    this.#socket.send(this.#last, this.#port ?? this.#request.port, this.#request.server)
  }

  take(packet: Buffer, from: RemoteInfo): void {
    this.#port ??= from.port
    if (from.port !== this.#port || packet.length < 4) return
    const [kind, block] = [packet.readUInt16BE(0), packet.readUInt16BE(2)]
    if (kind === code.error) this.fail(new Error(packet.toString('latin1', 4, packet.length - 1)))
    // A block we have had is not answered again: if our ACK was lost, the timer repeats it.
    if (kind !== code.data || block !== (this.#expected & 0xffff)) return
    this.#hash.update(packet.subarray(4))
    this.#last = Buffer.from([0, code.ack, block >> 8, block & 0xff])
    this.#expected++
    this.#tries = 0
    this.#timer.refresh()
    this.send()
    if (packet.length - 4 < blockBytes) this.#finish()
  }

  fail(reason: Error): void {
    clearInterval(this.#timer)
    this.#reject(reason)
  }

  #finish(): void {
    clearInterval(this.#timer)
    this.#resolve({ status: 200, sha256: this.#hash.digest('hex') })
  }

  #resend(): void {
    if (++this.#tries > maxTries) this.fail(new Error(`silence after ${this.#expected - 1} blocks`))
    else this.send()
  }
}

/** Addresses are literal here: dgram would ask the resolver anew for every packet. */
type Lookup = (
  host: string,
  options: unknown,
  done: (error: null, address: string, family: number) => void,
) => void
const literal: Lookup = (host, _options, done) => done(null, host, 4)
