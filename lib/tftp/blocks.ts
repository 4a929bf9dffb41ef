import { FileChanged, type OpenFile, type StoredFile } from '../files/stored-file.ts'

/** The data of a file, block by block. Blocks are counted from 1; the last one is short or empty. */
export interface Blocks {
  /** Highest block at hand. */
  readonly ready: number
  /** The data of a block that is at hand and not yet acknowledged. */
  block(number: number): Uint8Array
  /** The phone has this many bytes; `ready` may grow, of which `onReady` tells. */
  acknowledged(bytes: number): void
  /** Resolves when the file is closed; never rejects. */
  close(): Promise<void>
}

/** A file in memory: all of it is at hand, and nothing is copied. */
export function memoryBlocks(content: Uint8Array, blockSize: number): Blocks {
  return {
    ready: Math.floor(content.length / blockSize) + 1,
    block: (number) => content.subarray((number - 1) * blockSize, number * blockSize),
    acknowledged() {},
    close: async () => {},
  }
}

export interface StreamOptions {
  blockSize: number
  windowSize: number
  /** More blocks are at hand. */
  onReady: () => void
  /** The file cannot be read on; FileChanged when somebody wrote into it. */
  onFault: (error: unknown) => void
}

/** Read at a time: a few hundred blocks, so that the trip to the thread pool hardly counts. */
const chunkBytes = 256 * 1024

/** A file read as it is sent: a window and one chunk ahead of what the phone has. */
export class StreamedBlocks implements Blocks {
  readonly #file: OpenFile
  readonly #stored: StoredFile
  readonly #options: StreamOptions
  /** A whole number of blocks, so that none lies across two chunks. */
  readonly #chunkBytes: number
  readonly #ahead: number
  /** What was read and is not yet acknowledged; the first begins at `#from`, a multiple of the chunk size. */
  #chunks: Buffer[] = []
  #from = 0
  #read = 0
  #acked = 0
  #reading: Promise<void> | undefined
  #closed = false

  private constructor(stored: StoredFile, file: OpenFile, options: StreamOptions) {
    const { blockSize, windowSize } = options
    this.#stored = stored
    this.#file = file
    this.#options = options
    this.#chunkBytes = Math.max(1, Math.round(chunkBytes / blockSize)) * blockSize
    this.#ahead = windowSize * blockSize + this.#chunkBytes
  }

  /** Opens the file and reads its beginning. `onReady` and `onFault` tell of what comes later. @throws FileChanged */
  static async open(stored: StoredFile, options: StreamOptions): Promise<StreamedBlocks> {
    const blocks = new StreamedBlocks(stored, await stored.open(), options)
    try {
      await blocks.#readChunk()
      return blocks
    } catch (error) {
      await blocks.close()
      throw error
    }
  }

  get ready(): number {
    return Math.floor(this.#read / this.#options.blockSize) + (this.#read === this.#stored.size ? 1 : 0)
  }

  block(number: number): Uint8Array {
    const { blockSize } = this.#options
    const start = (number - 1) * blockSize - this.#from
    const chunk = this.#chunks[Math.floor(start / this.#chunkBytes)]
    const within = start % this.#chunkBytes
    return chunk === undefined ? emptyBlock : chunk.subarray(within, within + blockSize)
  }

  acknowledged(bytes: number): void {
    this.#acked = bytes
    while (this.#chunks.length > 0 && bytes >= this.#from + this.#chunkBytes) {
      this.#chunks.shift()
      this.#from += this.#chunkBytes
    }
    if (this.#wantsMore() && this.#reading === undefined) this.#reading = this.#readAhead()
  }

  async close(): Promise<void> {
    this.#closed = true
    // A chunk under way is awaited: a descriptor must not be closed, and given to another file, while it is read.
    await this.#reading
    await this.#file.close().catch(() => {})
  }

  #wantsMore(): boolean {
    return this.#read < Math.min(this.#stored.size, this.#acked + this.#ahead)
  }

  async #readAhead(): Promise<void> {
    try {
      while (this.#wantsMore() && !this.#closed) {
        await this.#readChunk()
        if (!this.#closed) this.#options.onReady()
      }
    } catch (error) {
      if (!this.#closed) this.#options.onFault(error)
    } finally {
      this.#reading = undefined
    }
  }

  async #readChunk(): Promise<void> {
    const length = Math.min(this.#chunkBytes, this.#stored.size - this.#read)
    if (length === 0) return
    const chunk = await this.#file.read(this.#read, length)
    if (chunk.length !== length) throw new FileChanged(this.#stored.name)
    this.#chunks.push(chunk)
    this.#read += length
  }
}

const emptyBlock = new Uint8Array(0)
