import type { Socket } from 'node:net'
import { Missed } from './attempt.ts'

export interface FtpReply {
  code: number
  /** Of the last line. */
  text: string
}

/** No reply is longer. */
const mostBytes = 16_384

/** Makes replies of what comes over a control connection (RFC 959, 4.2). */
export class FtpReplies {
  readonly #socket: Socket
  readonly #ready: FtpReply[] = []
  #buffered = ''
  #waiting: PromiseWithResolvers<FtpReply> | undefined
  /** Nothing comes any more, and why. */
  #ended: Error | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#take)
    socket.on('error', this.#end)
    socket.on('close', this.#close)
  }

  next(): Promise<FtpReply> {
    const reply = this.#ready.shift()
    if (reply !== undefined) return Promise.resolve(reply)
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  /** Leaves the connection to somebody else. */
  stop(): void {
    this.#socket.off('data', this.#take)
    this.#socket.off('close', this.#close)
  }

  readonly #take = (piece: Buffer): void => {
    this.#buffered += piece.toString('latin1')
    if (this.#buffered.length > mostBytes) return this.#end(new Missed('a reply without an end'))
    for (;;) {
      if (!/^(?:\d{0,3}$|\d{3}[ -])/.test(this.#buffered))
        return this.#end(new Missed('something that is no FTP'))
      const [whole, code, text = ''] =
        /^(?:\d{3}-.*\r?\n(?:.*\r?\n)*?)?(\d{3}) (.*)\r?\n/.exec(this.#buffered) ?? []
      if (whole === undefined) return
      this.#buffered = this.#buffered.slice(whole.length)
      this.#give({ code: Number(code), text })
    }
  }

  readonly #end = (error: Error): void => {
    this.#ended ??= error
    this.#waiting?.reject(this.#ended)
    this.#waiting = undefined
  }

  readonly #close = (): void => {
    this.#end(new Missed('the connection was cut off'))
  }

  #give(reply: FtpReply): void {
    if (this.#waiting === undefined) this.#ready.push(reply)
    else this.#waiting.resolve(reply)
    this.#waiting = undefined
  }
}
