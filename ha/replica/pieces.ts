/** A content that comes in pieces, until it is as long as was said. */
export class Pieces {
  readonly size: number
  readonly #pieces: Buffer[] = []
  #bytes = 0

  constructor(size: number) {
    this.size = size
  }

  get isWhole(): boolean {
    return this.#bytes === this.size
  }

  /** @throws Error when it is longer */
  add(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes > this.size) throw new Error('a content is longer than was said')
    if (piece.length > 0) this.#pieces.push(piece)
  }

  content(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
