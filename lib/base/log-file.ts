import { accessSync, appendFileSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import { LineQueue, type LineQueueOptions } from './line-queue.ts'

export interface LogFileOptions extends Pick<LineQueueOptions, 'onBroken' | 'onMended' | 'retryMs'> {
  path: string
  /** Size at which a new file is begun; the last block may go over it. */
  sizeBytes: number
  /** Old files kept beside the current one, as `path.1` (the youngest) and so on. */
  count: number
}

const blockLength = 65_536

/** Readable by the service's group, such as the administrators'; the log names phones and their files. */
const fileMode = 0o640
const folderMode = 0o750

/**
 * A log file limited by size and count.
 *
 * Surprises of rotating-file-stream, shown in test/lib/base/log-file.test.ts: it writes every line by itself, at a
 * multiple of the price of making it, so lines come to it in blocks; after one error it is dead, so a new one is
 * opened; a file it cannot open is an event much later, so that is tried here first. One that cannot be seen: of a
 * block that a filling disk took only part of, the rest is lost without an error.
 */
export class LogFile {
  readonly #options: LogFileOptions
  readonly #queue: LineQueue
  #stream: RotatingFileStream | undefined
  #closed = false

  /** @throws Error when the file cannot be opened or its folder not be written */
  constructor(options: LogFileOptions) {
    this.#options = options
    const write = (block: string) => this.#write(block)
    this.#queue = new LineQueue({
      ...options,
      write,
      blockLength: Math.min(blockLength, options.sizeBytes),
    })
    probe(options.path)
    this.#stream = this.#open()
  }

  /** @param line ends with a newline */
  add(line: string): void {
    if (!this.#closed) this.#queue.add(line)
  }

  /** Writes what waits, now: the process ends. */
  flushNow(): void {
    appendFileSync(this.#options.path, this.#queue.takeAll())
  }

  /** Resolves when everything was written, or could not be. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#queue.drained()
    const stream = this.#stream
    if (stream !== undefined) await new Promise<void>((resolve) => stream.end(() => resolve()))
  }

  async #write(block: string): Promise<void> {
    const stream = (this.#stream ??= this.#open())
    try {
      await new Promise<void>((resolve, reject) => {
        stream.write(block, (error) => (error ? reject(error) : resolve()))
      })
    } catch (error) {
      this.#stream = undefined
      throw error
    }
  }

  #open(): RotatingFileStream {
    const { path, sizeBytes, count } = this.#options
    const settings = { path: dirname(path), size: `${sizeBytes}B`, rotate: count, mode: fileMode }
    // Every failure also reaches whoever waits for the write.
    return createStream(basename(path), settings).on('error', () => {})
  }
}

function probe(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: folderMode })
  // Files are renamed and begun there.
  accessSync(dirname(path), constants.W_OK | constants.X_OK)
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is not a file')
  closeSync(openSync(path, 'a', fileMode))
}
