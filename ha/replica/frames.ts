/**
 * How messages lie on the wire: the length of the header and of the body, four bytes each, the header in JSON, the body
 * as it is. Long contents are sent in pieces, so that nothing else waits long behind them.
 */

export interface Frame {
  header: unknown
  body: Buffer
}

export const pieceBytes = 65_536
const largestHeader = 4_194_304
const prefixBytes = 8

/** @throws Error for a header that nobody would accept */
export function frameOf(header: object, body: Buffer = nothing): Buffer {
  const text = Buffer.from(JSON.stringify(header))
  if (text.length > largestHeader) throw new Error(`a message of ${text.length} bytes is too long`)
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32BE(text.length, 0)
  prefix.writeUInt32BE(body.length, 4)
  return Buffer.concat([prefix, text, body])
}

const nothing = Buffer.alloc(0)

/** Makes frames of bytes as they come. Whatever comes, it throws nothing: after what is no frame there are no more. */
export class FrameReader {
  #chunks: Buffer[] = []
  #bytes = 0
  #broken: string | undefined

  /** Why nothing more can be read. */
  get broken(): string | undefined {
    return this.#broken
  }

  *read(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) yield frame
  }

  #next(): Frame | undefined {
    if (this.#broken !== undefined || this.#bytes < prefixBytes) return undefined
    const prefix = this.#peek(prefixBytes)
    const [headerBytes, bodyBytes] = [prefix.readUInt32BE(0), prefix.readUInt32BE(4)]
    if (headerBytes > largestHeader || bodyBytes > pieceBytes) {
      this.#broken = `a frame of ${headerBytes} and ${bodyBytes} bytes is too long`
      return undefined
    }
    const length = prefixBytes + headerBytes + bodyBytes
    if (this.#bytes < length) return undefined
    const whole = this.#take(length)
    const bodyAt = prefixBytes + headerBytes
    const header = parseJson(whole.toString('utf8', prefixBytes, bodyAt))
    if (header === undefined) {
      this.#broken = 'a frame without a header in JSON'
      return undefined
    }
    return { header, body: whole.subarray(bodyAt) }
  }

  #peek(length: number): Buffer {
    const [first = nothing] = this.#chunks
    if (first.length >= length) return first
    this.#join()
    return this.#chunks[0] ?? nothing
  }

  #take(length: number): Buffer {
    const first = this.#peek(length)
    this.#bytes -= length
    if (first.length === length) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(length)
    return first.subarray(0, length)
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)]
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
