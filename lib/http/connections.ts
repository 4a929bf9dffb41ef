import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Caller } from '../files/caller.ts'

/** A request that waits until those before it have been answered. */
export interface Waiting {
  changes: boolean
  go: () => void
}

export interface Connection {
  readonly socket: Socket
  readonly caller: Caller
  /** Requests can come in on it. Not so the TCP connection below an encrypted one, which is kept for counting. */
  readonly forRequests: boolean
  /** On the clock; the connection is cut once it is over. */
  deadline: number
  /** Requests being answered; more than one when the client does not wait for answers. */
  pending: number
  /** One of these changes a file. */
  changing: boolean
  readonly waiting: Waiting[]
  /** The request whose body is being stored. */
  receiving: IncomingMessage | undefined
  /** Nothing more that comes in is listened to: the connection ends with the answer under way. */
  closing: boolean
  /** Why we cut it. */
  cutBecause: string | undefined
}

/**
 * The open connections of a door: counts them for each address, and cuts those past their deadline. One sweep looks
 * at them all, so that a transfer needs no timer of its own.
 */
export class Connections {
  readonly #open = new Map<Socket, Connection>()
  readonly #perAddress = new Map<string, number>()
  readonly #mostPerAddress: number
  #refused = 0
  #draining = false

  constructor(mostPerAddress: number) {
    this.#mostPerAddress = mostPerAddress
  }

  /** Counts a TCP connection that was just accepted. Refused: its address has too many, or we are stopping. */
  accept(socket: Socket, caller: Caller, forRequests: boolean): { connection: Connection; refused: boolean } {
    const { address } = caller
    const count = (this.#perAddress.get(address) ?? 0) + 1
    this.#perAddress.set(address, count)
    const connection = this.#keep(socket, caller, forRequests)
    socket.on('close', () => {
      this.#open.delete(socket)
      this.#release(address)
    })
    const refused = count > this.#mostPerAddress || this.#draining
    if (refused) this.noteRefused()
    return { connection, refused }
  }

  /** The encrypted side of a connection that was accepted. */
  follow(socket: Socket, caller: Caller): void {
    this.#keep(socket, caller, true)
    socket.on('close', () => this.#open.delete(socket))
  }

  of(socket: Socket): Connection | undefined {
    return this.#open.get(socket)
  }

  /** A connection was turned away; they are counted, because a line in the log for each would be a weapon. */
  noteRefused(): void {
    this.#refused += 1
  }

  /** How many were turned away since this was last asked. */
  takeRefused(): number {
    const refused = this.#refused
    this.#refused = 0
    return refused
  }

  cut(socket: Socket, because: string): void {
    const connection = this.#open.get(socket)
    if (connection !== undefined) connection.cutBecause ??= because
    socket.destroy()
  }

  cutLate(now: number): void {
    for (const { socket, deadline } of this.#open.values()) {
      if (deadline < now) this.cut(socket, 'too slow')
    }
  }

  /** Ends what is idle at once and lets answers under way be the last of their connections. */
  drain(): void {
    this.#draining = true
    for (const connection of this.#open.values()) {
      if (!connection.forRequests) continue
      connection.closing = true
      if (connection.pending === 0) connection.socket.destroy()
    }
  }

  cutAll(because: string): void {
    for (const socket of this.#open.keys()) this.cut(socket, because)
  }

  #keep(socket: Socket, caller: Caller, forRequests: boolean): Connection {
    const connection: Connection = {
      socket,
      caller,
      forRequests,
      deadline: Number.POSITIVE_INFINITY,
      pending: 0,
      changing: false,
      waiting: [],
      receiving: undefined,
      closing: false,
      cutBecause: undefined,
    }
    this.#open.set(socket, connection)
    return connection
  }

  #release(address: string): void {
    const count = (this.#perAddress.get(address) ?? 1) - 1
    if (count === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, count)
  }
}
