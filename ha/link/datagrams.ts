import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'

export interface Endpoint {
  address: string
  port: number
}

export interface DatagramsOptions {
  local: Endpoint
  remote: Endpoint
  clock: Clock
  log: Log
  onPacket: (packet: Uint8Array) => void
}

/** A socket that cannot be had is tried again after this long. */
const againMs = 500
/** One that could send nothing for this long is replaced: its address may have gone and come back. */
const brokenMs = 2_000

/**
 * One UDP socket between two addresses, made anew when it breaks or when its address is not there yet. Nothing here
 * waits: what cannot be sent now is lost. Who sent a packet is not looked at: its seal tells.
 */
export class Datagrams {
  readonly #options: DatagramsOptions
  #socket: Socket | undefined
  #cancelRetry: (() => void) | undefined
  #stopped = false
  /** Since when nothing could be sent. */
  #failingSince: number | undefined
  /** What was logged last, so that it is logged once. */
  #complaint = ''

  constructor(options: DatagramsOptions) {
    this.#options = options
  }

  /** @throws Error when another process has the port; an address that is not there yet is waited for */
  async start(): Promise<void> {
    this.#stopped = false
    try {
      await this.#open()
    } catch (cause) {
      if (codeOf(cause) === 'EADDRINUSE') throw portTaken(this.#options.local, cause)
      this.#broken(cause)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#cancelRetry?.()
    this.#drop()
  }

  /** @returns whether there is a socket to send it; the rest is up to the network */
  send(packet: Uint8Array): boolean {
    const socket = this.#socket
    if (socket === undefined) return false
    const { address, port } = this.#options.remote
    socket.send(packet, port, address, (error) => this.#sent(socket, error))
    return true
  }

  #sent(socket: Socket, error: Error | null): void {
    if (socket !== this.#socket) return
    const now = this.#options.clock.now()
    if (error === null) this.#failingSince = undefined
    else if (this.#failingSince === undefined) this.#failingSince = now
    else if (now - this.#failingSince >= brokenMs) this.#broken(error)
  }

  async #open(): Promise<void> {
    const socket = await bind(this.#options.local)
    if (this.#stopped) return void socket.close()
    socket.on('message', this.#options.onPacket)
    socket.on('error', (error) => {
      if (socket === this.#socket) this.#broken(error)
    })
    this.#socket = socket
    this.#failingSince = undefined
  }

  #broken(cause: unknown): void {
    this.#drop()
    if (this.#stopped) return
    this.#complain(cause)
    this.#cancelRetry = this.#options.clock.after(againMs, () => void this.#retry())
  }

  async #retry(): Promise<void> {
    try {
      await this.#open()
    } catch (cause) {
      return this.#broken(cause)
    }
    this.#complaint = ''
    this.#options.log.info({ ...this.#options.local }, 'link socket open again')
  }

  #complain(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause)
    if (why === this.#complaint) return
    this.#complaint = why
    this.#options.log.warn({ ...this.#options.local, why }, 'link socket lost')
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }
}

/**
 * Binds one address and port. Each send would look its address up in the DNS, numeric or not, unless a lookup of ours
 * answers at once (as in lib/tftp/udp-socket.ts).
 */
function bind({ address, port }: Endpoint): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ...(isIPv6(address) ? { ipv6Only: true } : {}),
    lookup: (host, _options, callback) => callback(null, host, 0),
  })
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => socket.close(() => reject(error)) // not bound, but open all the same
    socket.once('error', fail)
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)

const portTaken = ({ address, port }: Endpoint, cause: unknown) =>
  new Error(
    `UDP port ${port} on ${address} is taken; stop the agent that already runs here, or choose another pair.agentPort on both nodes`,
    { cause },
  )
