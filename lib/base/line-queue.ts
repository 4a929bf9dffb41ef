export interface LineQueueOptions {
  /** Hands a block of whole lines to the system; blocks come one after the other. */
  write: (block: string) => Promise<void>
  /** Most characters of a block, but for a line that is longer. */
  blockLength?: number
  /** Called once when lines begin to be lost, and when the next ones are written. */
  onBroken: (error: unknown) => void
  onMended: (lostLines: number) => void
  /** How long lines are thrown away before a place that failed is tried again. */
  retryMs?: number
}

/** Kept while the place does not answer, in characters. */
const mostWaiting = 32 * 1_048_576

/**
 * Lines on their way to a place that may be slow or broken. Adding never waits and never throws: lines that come
 * while a block is under way go together with the next one, and what cannot be written is lost and counted.
 */
export class LineQueue {
  readonly #options: LineQueueOptions
  readonly #blockLength: number
  readonly #retryMs: number
  #blocks: string[] = []
  #waiting = 0
  #writing: Promise<void> | undefined
  /** Since lines were last written. */
  #lostLines = 0
  /** Set after a failed write. */
  #retryAt: number | undefined

  constructor(options: LineQueueOptions) {
    this.#options = options
    this.#blockLength = options.blockLength ?? 65_536
    this.#retryMs = options.retryMs ?? 5_000
  }

  /** @param line ends with a newline */
  add(line: string): void {
    if (this.#waiting + line.length > mostWaiting) return this.#lose(line, new Error('it does not answer'))
    this.#waiting += line.length
    const last = this.#blocks.length - 1
    const block = this.#blocks[last]
    if (block !== undefined && block.length + line.length <= this.#blockLength)
      this.#blocks[last] = block + line
    else this.#blocks.push(line)
    this.#writing ??= this.#writeOn()
  }

  /** Resolves when everything was written, or could not be. */
  async drained(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  /** Takes out what waits, for who must write it at once: the process ends. */
  takeAll(): string {
    const all = this.#blocks.join('')
    this.#blocks = []
    return all
  }

  async #writeOn(): Promise<void> {
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      try {
        await this.#put(block)
      } catch (error) {
        this.#retryAt = performance.now() + this.#retryMs
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
    // After a failed write half a line may stand at the end.
    await this.#options.write(this.#retryAt === undefined ? block : `\n${block}`)
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
}

const linesIn = (block: string) => block.split('\n').length - 1
