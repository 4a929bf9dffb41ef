import { LineQueue, type LineQueueOptions } from './line-queue.ts'

const gatherMs = 5

/**
 * Lines for standard output that never wait for whoever reads it, nor fail when it is gone or its disk full.
 *
 * Surprises of process.stdout, shown in test/lib/base/standard-output.test.ts: an error that nobody listens to ends
 * the process, and what a reader does not take piles up in memory, so only one block at a time is given to it.
 */
export class StandardOutput {
  readonly #queue: LineQueue
  /** Lines of the last few milliseconds: a write is a system call, and dearer than making the line. */
  #gathered = ''
  #closed = false

  constructor(options: Pick<LineQueueOptions, 'onBroken' | 'onMended'>) {
    this.#queue = new LineQueue({ ...options, write })
    process.stdout.on('error', ignore)
  }

  /** @param line ends with a newline */
  add(line: string): void {
    if (this.#closed) return
    if (this.#gathered === '') setTimeout(() => this.#passOn(), gatherMs)
    this.#gathered += line
  }

  /** Writes what waits, as far as the reader takes it now: the process ends. */
  flushNow(): void {
    this.#passOn()
    process.stdout.write(this.#queue.takeAll())
  }

  /** Resolves when everything was written, or could not be. */
  async close(): Promise<void> {
    this.#closed = true
    this.#passOn()
    await this.#queue.drained()
    process.stdout.off('error', ignore)
  }

  #passOn(): void {
    if (this.#gathered === '') return
    const lines = this.#gathered
    this.#gathered = ''
    this.#queue.add(lines)
  }
}

const write = (block: string) =>
  new Promise<void>((resolve, reject) => {
    process.stdout.write(block, (error) => (error ? reject(error) : resolve()))
  })

/** Whoever waits for the write hears of it. */
const ignore = () => {}
