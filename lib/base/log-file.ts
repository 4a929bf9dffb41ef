import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'

export interface LogFileOptions {
  path: string
  /** Size at which a new file is begun; the last block may go over it. */
  sizeBytes: number
  /** Old files kept beside the current one, as `path.1` (the youngest) and so on. */
  count: number
  /** Called when the file cannot be written any more, once, and when it can again. */
  onBroken: (error: unknown) => void
  /** @param lostLines at least; the library does not tell of a block the full disk took only part of */
  onMended: (lostLines: number) => void
  /** How long lines are thrown away before the file is tried again. */
  retryMs?: number
}

/** Written at a time, and kept at most while the disk does not answer; in characters. */
const blockLength = 65_536
const mostWaiting = 32 * 1_048_576

/**
 * A log file limited by size and count. Writing never waits and never throws: what cannot be written is counted,
 * and the file is tried again.
 *
 * Surprises of rotating-file-stream, shown in test/lib/base/log-file.test.ts: it writes every line by itself, at ten
 * times the price of making it, so lines come to it in blocks; after one error it is dead, so a new one is opened;
 * a file it cannot open is an event much later, so that is tried here first.
 */
export class LogFile {
  readonly #options: LogFileOptions
  readonly #blockLength: number
  readonly #blocks: string[] = []
  #waiting = 0
  #stream: RotatingFileStream | undefined
  #writing: Promise<void> | undefined
  /** Since lines were last written. */
  #lostLines = 0
  /** Set after a failed write. */
  #retryAt: number | undefined
  #closed = false

  /** @throws Error when the file cannot be opened or its folder not be written */
  constructor(options: LogFileOptions) {
    this.#options = options
    this.#blockLength = Math.min(blockLength, options.sizeBytes)
    probe(options.path)
    this.#stream = this.#open()
  }

  /** @param line ends with a newline */
  write(line: string): void {
    if (this.#closed) return
    if (this.#waiting + line.length > mostWaiting)
      return this.#lose(line, new Error('the disk does not answer'))
    this.#waiting += line.length
    const last = this.#blocks.length - 1
    const block = this.#blocks[last]
    if (block !== undefined && block.length + line.length <= this.#blockLength)
      this.#blocks[last] = block + line
    else this.#blocks.push(line)
    this.#writing ??= this.#writeOn()
  }

  /** Resolves when everything was written, or could not be. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    const stream = this.#stream
    if (stream !== undefined) await new Promise<void>((resolve) => stream.end(() => resolve()))
  }

  async #writeOn(): Promise<void> {
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      try {
        await this.#put(block)
      } catch (error) {
        this.#stream = undefined
        this.#retryAt = performance.now() + (this.#options.retryMs ?? 5_000)
        this.#lose(block, error)
      }
      this.#waiting -= block.length
    }
    this.#writing = undefined
  }

  async #put(block: string): Promise<void> {
    if (this.#retryAt !== undefined && performance.now() < this.#retryAt) {
      this.#lostLines += linesIn(block)
      return
    }
    this.#stream ??= this.#open()
    // After a failed write half a line may stand at the end of the file.
    await writeTo(this.#stream, this.#retryAt === undefined ? block : `\n${block}`)
    this.#retryAt = undefined
    const lost = this.#lostLines
    this.#lostLines = 0
    if (lost > 0) this.#options.onMended(lost)
  }

  #lose(block: string, error: unknown): void {
    const first = this.#lostLines === 0
    this.#lostLines += linesIn(block)
    if (first) this.#options.onBroken(error)
  }

  #open(): RotatingFileStream {
    const { path, sizeBytes, count } = this.#options
    const settings = { path: dirname(path), size: `${sizeBytes}B`, rotate: count, mode: fileMode }
    // Every failure also reaches whoever waits for the write.
    return createStream(basename(path), settings).on('error', () => {})
  }
}

/** Readable by the service's group, such as the administrators'; the log names phones and their files. */
const fileMode = 0o640
const folderMode = 0o750

function probe(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: folderMode })
  // Files are renamed and begun there.
  accessSync(dirname(path), constants.W_OK | constants.X_OK)
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is not a file')
  closeSync(openSync(path, 'a', fileMode))
}

const writeTo = (stream: RotatingFileStream, block: string) =>
  new Promise<void>((resolve, reject) => {
    stream.write(block, (error) => (error ? reject(error) : resolve()))
  })

const linesIn = (block: string) => block.split('\n').length - 1
