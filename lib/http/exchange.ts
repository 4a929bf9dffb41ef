import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TransferEnd, TransferHandle } from '../status/activity.ts'
import type { Connection } from './connections.ts'
import type { HeaderBlock } from './headers.ts'
import { passTurn } from './turns.ts'

/** A request being answered. Its transfer is ended exactly once, when Node has closed the response. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly connection: Connection
  readonly #transfer: TransferHandle
  /** Headers of every answer. */
  readonly #always: HeaderBlock
  #end: TransferEnd | undefined
  #brokenBecause: string | undefined
  #handedOver = false
  #closed = false
  #mustComplete = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    transfer: TransferHandle,
    always: HeaderBlock = [],
  ) {
    this.request = request
    this.response = response
    this.connection = connection
    this.#transfer = transfer
    this.#always = always
    connection.pending += 1
    response.on('finish', () => {
      this.#handedOver = true
    })
    response.on('close', () => this.#close())
  }

  /** Bytes handed to the network so far, or that came in. */
  get sent(): number {
    return this.#transfer.sent
  }

  set sent(bytes: number) {
    this.#transfer.sent = bytes
  }

  /** Of the whole file, in bytes. */
  set size(bytes: number | undefined) {
    this.#transfer.size = bytes
  }

  /** What will have happened if the response goes out to its end. `size` is that of the whole file, in bytes. */
  expect(end: TransferEnd, size?: number): void {
    this.#end = end
    this.#transfer.size = size
  }

  /** Does what goes on even if the client goes, such as deleting a file: the transfer ends after it, with its outcome. */
  async complete(work: () => Promise<void>): Promise<void> {
    this.#mustComplete = true
    try {
      await work()
    } finally {
      this.#mustComplete = false
      if (this.#closed) this.#endTransfer()
    }
  }

  /** Begins the answer; it is the last one of a connection that is closing. */
  writeHead(status: number, headers: HeaderBlock): ServerResponse {
    if (this.connection.closing) this.response.shouldKeepAlive = false
    return this.response.writeHead(
      status,
      this.#always.length === 0 ? headers : [...headers, ...this.#always],
    )
  }

  /** Cuts the connection, because what was begun cannot be completed. */
  breakOff(because: string): void {
    this.#brokenBecause = because
    this.connection.socket.destroy()
  }

  #close(): void {
    const { connection } = this
    this.#closed = true
    connection.pending -= 1
    if (connection.closing) connection.socket.destroySoon()
    if (connection.pending === 0) {
      connection.deadline = Number.POSITIVE_INFINITY
      passTurn(connection)
    }
    if (!this.#mustComplete) this.#endTransfer()
  }

  #endTransfer(): void {
    const end = this.#end
    if (end !== undefined && (this.#handedOver || end.result !== 'sent')) this.#transfer.end(end)
    else
      this.#transfer.end({ ...end, result: 'broken', bytes: this.#transfer.sent, reason: this.#whyBroken() })
  }

  #whyBroken(): string {
    return this.#brokenBecause ?? this.connection.cutBecause ?? 'the client went away'
  }
}
