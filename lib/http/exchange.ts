import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TransferEnd, TransferHandle } from '../status/activity.ts'
import type { Connection } from './connections.ts'
import type { HeaderBlock } from './headers.ts'

/** A request being answered. Its transfer is ended exactly once, when Node has closed the response. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Connection
  readonly #transfer: TransferHandle
  #end: TransferEnd | undefined
  #brokenBecause: string | undefined
  #handedOver = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    transfer: TransferHandle,
  ) {
    this.request = request
    this.response = response
    this.connection = connection
    this.#transfer = transfer
    connection.pending += 1
    response.on('finish', () => {
      this.#handedOver = true
    })
    response.on('close', () => this.#close())
  }

  /** Bytes handed to the network so far. */
  set sent(bytes: number) {
    this.#transfer.sent = bytes
  }

  /** What will have happened if the response goes out to its end. `size` is that of the whole file, in bytes. */
  expect(end: TransferEnd, size?: number): void {
    this.#end = end
    this.#transfer.size = size
  }

  /** Begins the answer; it is the last one of a connection that is closing. */
  writeHead(status: number, headers: HeaderBlock): ServerResponse {
    if (this.connection.closing) this.response.shouldKeepAlive = false
    return this.response.writeHead(status, headers)
  }

  /** Cuts the connection, because what was begun cannot be completed. */
  breakOff(because: string): void {
    this.#brokenBecause = because
    this.connection.socket.destroy()
  }

  #close(): void {
    const { connection } = this
    connection.pending -= 1
    if (connection.pending === 0) connection.deadline = Number.POSITIVE_INFINITY
    if (connection.closing) connection.socket.destroySoon()
    const end = this.#end
    if (end !== undefined && (this.#handedOver || end.result !== 'sent')) this.#transfer.end(end)
    else
      this.#transfer.end({ ...end, result: 'broken', bytes: this.#transfer.sent, reason: this.#whyBroken() })
  }

  #whyBroken(): string {
    return this.#brokenBecause ?? this.connection.cutBecause ?? 'the client went away'
  }
}
