import type { Socket } from 'node:net'
import { CommandReader, type Line } from './command-reader.ts'
import { secured, type Encryption } from './encryption.ts'

export interface ControlTerms {
  /** Whether a line can be taken; if not, it stays where it is until `readOn`. */
  hasRoom: () => boolean
  onLine: (line: Line) => void
  /** The client has ended its side, or the connection. Told once, unless the end was ours. */
  onEnd: () => void
}

/** The control connection: lines in, text out, in the clear or not. */
export class ControlConnection {
  readonly #raw: Socket
  readonly #terms: ControlTerms
  readonly #reader = new CommandReader()
  #socket: Socket
  #ended = false

  /** Takes a connection that nobody has read from. */
  constructor(raw: Socket, terms: ControlTerms) {
    this.#raw = this.#socket = raw
    this.#terms = terms
    raw.once('close', this.#onEnd)
  }

  /** Begins to listen in the clear. */
  listen(): void {
    this.#socket.on('data', this.#onData)
    this.#socket.on('drain', this.#onDrain)
    this.#socket.on('end', this.#onEnd)
  }

  /** Takes lines while there is room for their work and their replies; the rest stays with the client. */
  readOn(): void {
    while (!this.#ended && this.#terms.hasRoom() && !this.#socket.writableNeedDrain) {
      const line = this.#reader.next()
      if (line === undefined) {
        if (this.#socket.isPaused()) this.#socket.resume()
        return
      }
      this.#terms.onLine(line)
    }
    if (!this.#ended) this.#socket.pause()
  }

  write(text: string): void {
    this.#socket.write(text)
  }

  /**
   * Goes on in TLS. What the client has sent before is nobody's: not ours to hear, and no part of the handshake (abuse
   * case d36).
   * @throws Error whose cause says why TLS was not agreed on
   */
  async encrypt(encryption: Encryption): Promise<void> {
    const raw = this.#raw
    this.#reader.discard()
    raw.off('data', this.#onData)
    raw.off('drain', this.#onDrain)
    raw.off('end', this.#onEnd)
    raw.pause()
    while (raw.read() !== null);
    const socket = encryption.wrap(raw)
    this.#socket = socket
    await secured(socket)
    this.listen()
  }

  /** Ends it after what was written; what still comes in is not heard. */
  end(): void {
    this.#ended = true
    this.#socket.end()
    this.#socket.resume()
  }

  destroy(): void {
    this.#raw.destroy()
  }

  readonly #onData = (bytes: Buffer) => {
    if (this.#ended) return
    this.#reader.feed(bytes)
    this.readOn()
  }

  readonly #onDrain = () => this.readOn()

  /** Who ends the connection, without a word or in the middle of it, gets no more work done. */
  readonly #onEnd = () => {
    if (this.#ended) return
    this.#ended = true
    this.#terms.onEnd()
  }
}
