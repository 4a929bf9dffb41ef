import { open, type FileHandle } from 'node:fs/promises'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Entry } from './file-record.ts'
import { entriesLine, headerLine, type Header } from './journal-lines.ts'
import { writeAll } from './write-all.ts'

/** One file of the journal, open to be added to. */
export class Segment {
  readonly #handle: FileHandle
  /** Up to here everything is whole and durable. */
  #bytes: number

  static async open(path: string, bytes: number): Promise<Segment> {
    return new Segment(await open(path, 'r+'), bytes)
  }

  /** Writes a new one that begins with `entries`, in pieces: a hundred thousand do not hold up everybody else. */
  static async create(
    path: string,
    start: Omit<Header, 'lines'>,
    entries: readonly Entry[],
  ): Promise<Segment> {
    const segment = new Segment(await open(path, 'w', 0o640), 0)
    try {
      await segment.#write(headerLine({ ...start, lines: entries.length }))
      for (let from = 0; from < entries.length; from += piece) {
        await segment.#write(
          entries
            .slice(from, from + piece)
            .map((entry) => entriesLine([entry]))
            .join(''),
        )
        await breathe()
      }
      await segment.#handle.sync()
      return segment
    } catch (error) {
      await segment.close()
      throw error
    }
  }

  private constructor(handle: FileHandle, bytes: number) {
    this.#handle = handle
    this.#bytes = bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Resolves once it is durable; what a failure leaves must be cut. */
  async append(text: string): Promise<void> {
    const before = this.#bytes
    try {
      await this.#write(text)
      await this.#handle.datasync()
    } catch (error) {
      this.#bytes = before
      throw error
    }
  }

  /** Removes what is not whole. @returns how many bytes */
  async cut(): Promise<number> {
    const { size } = await this.#handle.stat()
    if (size <= this.#bytes) return 0
    await this.#handle.truncate(this.#bytes)
    await this.#handle.datasync()
    return size - this.#bytes
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  async #write(text: string): Promise<void> {
    const content = Buffer.from(text)
    await writeAll(this.#handle, content, this.#bytes)
    this.#bytes += content.length
  }
}

/** Entries written at a time. */
const piece = 500
