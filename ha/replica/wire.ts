import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/base/clock.ts'
import { messageOf } from '../../lib/base/message-of.ts'
import { printable } from '../../lib/base/printable.ts'
import { frameOf, FrameReader, pieceBytes } from './frames.ts'
import type { Pace } from './pacer.ts'
import { parseMessage, type Message } from './messages.ts'

export interface WireParts {
  socket: TLSSocket
  clock: Clock
  /** Called for each message, in order. What it throws ends the connection, and is the reason. */
  onMessage: (message: Message, body: Buffer) => void
  /** Called once, at the end, with the reason in words. */
  onClosed: (why: string) => void
}

/** A cut cable says nothing: who has not spoken for so long has gone. */
const silentMs = 1_600
const pingMs = 400
const beatMs = 200
/** A beat that comes so late was late itself, and says nothing about the other side. */
const stalledMs = 600

/** A connection to the other node, as messages. It looks after itself: it speaks when it is quiet, and ends when the other is. */
export class Wire {
  readonly #parts: WireParts
  readonly #reader = new FrameReader()
  #heardAt: number
  #spokeAt: number
  #beatAt: number
  #isPaused = false
  #isClosed = false
  #cancelBeat = () => {}

  constructor(parts: WireParts) {
    const { socket, clock } = parts
    this.#parts = parts
    this.#heardAt = this.#spokeAt = this.#beatAt = clock.now()
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 1_000)
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    socket.on('error', (error) => this.close(error.message))
    socket.on('close', () => this.close('the other node ended the connection'))
    this.#beat()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  send(message: Message, body?: Buffer): void {
    if (this.#isClosed) return
    this.#spokeAt = this.#parts.clock.now()
    this.#parts.socket.write(frameOf(message, body))
  }

  /** Resolves once there is room to send more, or none ever again. */
  async hasRoom(): Promise<void> {
    const { socket } = this.#parts
    if (this.#isClosed || !socket.writableNeedDrain) return
    const closed = new AbortController()
    const onClose = () => closed.abort()
    socket.once('close', onClose)
    await once(socket, 'drain', { signal: closed.signal }).catch(() => {})
    socket.off('close', onClose)
  }

  /** A long content, in pieces after the first one, which went with its message. */
  async sendRest(of: number, content: Buffer, pace: Pace): Promise<void> {
    for (let at = pieceBytes; at < content.length && !this.#isClosed; at += pieceBytes) {
      const piece = content.subarray(at, at + pieceBytes)
      await pace(piece.length)
      await this.hasRoom()
      this.send({ type: 'piece', of }, piece)
    }
  }

  /** Takes nothing more in for the time being. */
  pause(): void {
    this.#isPaused = true
    this.#parts.socket.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#heardAt = this.#parts.clock.now()
    this.#parts.socket.resume()
  }

  /** Tells the other node why, and ends. */
  dismiss(why: string): void {
    this.send({ type: 'bye', why: why.slice(0, 900) })
    this.#end(why, () => this.#parts.socket.end())
  }

  close(why: string): void {
    this.#end(why, () => this.#parts.socket.destroy())
  }

  #end(why: string, end: () => void): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelBeat()
    end()
    // An end that nobody answers must not keep the socket.
    this.#parts.clock.after(silentMs, () => this.#parts.socket.destroy())
    this.#parts.onClosed(why)
  }

  #hear(chunk: Buffer): void {
    this.#heardAt = this.#parts.clock.now()
    for (const { header, body } of this.#reader.read(chunk)) {
      if (this.#isClosed) return
      const message = parseMessage(header)
      if (message === undefined) return this.close('the other node sent what is no message')
      if (message.type === 'bye') return this.close(`the other node: ${printable(message.why, 300)}`)
      if (message.type !== 'ping') this.#deliver(message, body)
    }
    if (this.#reader.broken !== undefined)
      this.close(`the other node sent what is no message: ${this.#reader.broken}`)
  }

  #deliver(message: Message, body: Buffer): void {
    try {
      this.#parts.onMessage(message, body)
    } catch (error) {
      this.dismiss(messageOf(error))
    }
  }

  #beat(): void {
    if (this.#isClosed) return
    const { clock } = this.#parts
    const now = clock.now()
    const isStalled = now - this.#beatAt > stalledMs
    this.#beatAt = now
    if (this.#isPaused || isStalled) this.#heardAt = now
    if (now - this.#heardAt > silentMs) return this.close(`nothing was heard for ${silentMs} ms`)
    if (now - this.#spokeAt >= pingMs) this.send({ type: 'ping' })
    this.#cancelBeat = clock.after(beatMs, () => this.#beat())
  }
}
