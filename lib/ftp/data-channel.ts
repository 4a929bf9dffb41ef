import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { PortRange } from '../base/port-range.ts'
import type { Clock } from '../base/clock.ts'
import { connectToClient } from './active-connection.ts'
import { isDisagreement, secured, type Encryption } from './encryption.ts'
import { PassivePort } from './passive-port.ts'
import type { BreakReason, OpenWay } from './state.ts'

/** A transfer that ended before its file did. */
export class Broken extends Error {
  readonly how: BreakReason

  constructor(how: BreakReason, options?: ErrorOptions) {
    super(how, options)
    this.name = 'Broken'
    this.how = how
  }
}

export interface ChannelTerms {
  /** Canonical address of the client. */
  client: string
  /** Both ends of the control connection, as its socket has them. */
  remoteAddress: string
  localAddress: string
  dataPort: number
  passiveRange: PortRange | undefined
  /** No connection or no progress for this long: it is given up. */
  timeoutMs: number
  encryption: Encryption | undefined
  clock: Clock
  onStranger: (address: string) => void
  onPortRefused: (cause: Error) => void
}

/** Connections of one session that were sent to their end and not ended by the client; beyond it, the oldest goes. */
const mostEnding = 4

/** The data connections of one session, one at a time. Whatever it opened is gone when it is closed. */
export class DataChannel {
  readonly #terms: ChannelTerms
  #port: PassivePort | undefined
  #socket: Socket | undefined
  /** Sent to their end; the clients may still be reading. */
  readonly #ending = new Set<Socket>()
  /** For the open port, the connection under way or the transfer over it. */
  #deadline = Infinity
  /** The connection under way has come about. */
  #connected = false
  #broken: BreakReason | undefined
  #closed = false

  constructor(terms: ChannelTerms) {
    this.#terms = terms
  }

  /** Takes the place of a port that was open. @throws Error when none is free */
  async openPort(): Promise<number> {
    this.closePort()
    const { localAddress, passiveRange: range, client, onStranger } = this.#terms
    this.#port = await PassivePort.open({ localAddress, range, client, onStranger })
    if (this.#closed) this.closePort()
    this.progress()
    return this.#port?.port ?? 0
  }

  closePort(): void {
    this.#port?.close()
    this.#port = undefined
    this.#deadline = Infinity
  }

  /** A transfer begins: what broke the one before is over. */
  begin(): void {
    this.#connected = false
    if (!this.#closed) this.#broken = undefined
  }

  /** @throws Broken */
  async connect(way: OpenWay, encrypted: boolean): Promise<Socket> {
    this.throwIfBroken()
    this.progress()
    try {
      const raw = way.kind === 'active' ? await this.#toClient(way.port) : await this.#fromClient()
      this.#socket = raw
      this.throwIfBroken()
      const socket = encrypted ? await this.#encrypt(raw) : raw
      this.#connected = true
      return socket
    } catch (cause) {
      this.throwIfBroken()
      throw cause instanceof Broken ? cause : new Broken('no data connection', { cause })
    }
  }

  /** Something moves. Returns the time. */
  progress(): number {
    const now = this.#terms.clock.now()
    this.#deadline = now + this.#terms.timeoutMs
    return now
  }

  /** It is not the client that keeps us waiting now. */
  rest(): void {
    this.#deadline = Infinity
  }

  /** Breaks off what is under way; it then ends with that reason. */
  break(how: BreakReason): void {
    this.#broken ??= how
    this.#socket?.destroy(new Broken(how))
    this.closePort()
  }

  /** @throws Broken when the transfer was broken off meanwhile */
  throwIfBroken(): void {
    if (this.#broken !== undefined) throw new Broken(this.#broken)
  }

  /** The transfer failed: so does its connection, whatever the client would still send. */
  drop(): void {
    this.#socket?.destroy()
    this.#socket = undefined
    this.closePort()
  }

  /** All was sent or received. The connection ends as soon as the client has read it. */
  finish(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.closePort()
    if (socket === undefined || socket.destroyed) return
    this.#ending.add(socket)
    if (this.#ending.size > mostEnding) this.#ending.values().next().value?.destroy()
    socket.once('close', () => this.#ending.delete(socket))
    socket.setTimeout(this.#terms.timeoutMs, () => socket.destroy())
    socket.end()
    socket.resume()
  }

  /** Called now and then: gives up what has stood still for too long. */
  sweep(now: number): void {
    if (now >= this.#deadline) this.break(this.#connected ? 'no progress' : 'no data connection')
  }

  /** The session is over. */
  close(how: BreakReason): void {
    this.break(how)
    this.#closed = true
    for (const socket of this.#ending) socket.destroy()
  }

  async #fromClient(): Promise<Socket> {
    const port = this.#port
    if (port === undefined) throw new Broken('no data connection')
    const socket = await port.connection()
    port.take()
    this.#port = undefined
    return socket
  }

  #toClient(port: number): Promise<Socket> {
    const { remoteAddress, localAddress, dataPort, onPortRefused } = this.#terms
    return connectToClient({
      remoteAddress,
      port,
      localAddress,
      localPort: dataPort,
      onPortRefused,
      onSocket: (socket) => {
        this.#socket = socket
      },
    })
  }

  async #encrypt(raw: Socket): Promise<TLSSocket> {
    const { encryption } = this.#terms
    if (encryption === undefined) throw new Error('encrypted without a certificate')
    const socket = encryption.wrap(raw)
    this.#socket = socket
    try {
      await secured(socket)
    } catch (cause) {
      throw new Broken(isDisagreement(cause) ? 'not encrypted' : 'connection lost', { cause })
    }
    return socket
  }
}
