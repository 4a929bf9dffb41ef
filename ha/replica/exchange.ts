import type { Wanted } from '../../lib/users/twin/contents.ts'
import { pieceBytes } from './frames.ts'
import type { ContentMessage, Fetch } from './messages.ts'
import type { Pace } from './pacer.ts'
import { Pieces } from './pieces.ts'
import type { Wire } from './wire.ts'

/** Content by its record; undefined for what is no longer kept. */
export type ReadContent = (wanted: Wanted) => Promise<Buffer | undefined>

export interface ExchangeParts {
  wire: Wire
  read: ReadContent
  pace: Pace
}

interface Question {
  answer: Pieces | undefined
  resolve: (content: Buffer | undefined) => void
  reject: (reason: Error) => void
}

/** Single contents, asked for and given by either side beside what happens. */
export class Exchange {
  readonly #parts: ExchangeParts
  readonly #questions = new Map<number, Question>()
  #lastId = 0
  #closed: Error | undefined

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  /** @returns undefined for what the other node does not have. @throws Error when the connection ends */
  ask({ name, seq, hash }: Wanted): Promise<Buffer | undefined> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>()
    const id = (this.#lastId += 1)
    this.#questions.set(id, { answer: undefined, resolve, reject })
    this.#parts.wire.send({ type: 'fetch', id, name, seq, hash })
    return promise
  }

  /** The other node asks. */
  async give({ id, name, seq, hash }: Fetch): Promise<void> {
    const { wire, read, pace } = this.#parts
    const content = await read({ name: name as Wanted['name'], seq, hash })
    if (content === undefined) return wire.send({ type: 'content', id })
    await pace(Math.min(content.length, pieceBytes))
    await wire.hasRoom()
    wire.send({ type: 'content', id, size: content.length }, content.subarray(0, pieceBytes))
    await wire.sendRest(id, content, pace)
  }

  /** An answer begins. @throws Error for one that nobody asked for */
  begin({ id, size }: ContentMessage, body: Buffer): void {
    const question = this.#questionOf(id)
    if (size === undefined) {
      this.#questions.delete(id)
      return question.resolve(undefined)
    }
    question.answer = new Pieces(size)
    this.add(id, body)
  }

  /** It goes on. @throws Error */
  add(id: number, piece: Buffer): void {
    const { answer, resolve } = this.#questionOf(id)
    if (answer === undefined) throw new Error('a piece of an answer that has not begun')
    answer.add(piece)
    if (!answer.isWhole) return
    this.#questions.delete(id)
    resolve(answer.content())
  }

  close(why: string): void {
    this.#closed ??= new Error(why)
    for (const { reject } of this.#questions.values()) reject(this.#closed)
    this.#questions.clear()
  }

  #questionOf(id: number): Question {
    const question = this.#questions.get(id)
    if (question === undefined) throw new Error('an answer that nobody asked for')
    return question
  }
}
