import { LineQueue, type LineQueueOptions } from './line-queue.ts'

/**
 * Lines for standard output that never wait for whoever reads it, nor fail when it is gone or its disk full.
 *
 * Surprises of process.stdout, shown in test/lib/base/standard-output.test.ts: an error that nobody listens to ends
 * the process, and what a reader does not take piles up in memory, so only one block at a time is given to it.
 */
export class StandardOutput {
  readonly #queue: LineQueue
  #closed = false

  constructor(options: Pick<LineQueueOptions, 'onBroken' | 'onMended'>) {
    this.#queue = new LineQueue({ ...options, write })
    process.stdout.on('error', ignore)
  }

  /** @param line ends with a newline */
  add(line: string): void {
    if (!this.#closed) this.#queue.add(line)
  }

  /** Writes what waits, as far as the reader takes it now: the process ends. */
  flushNow(): void {
    process.stdout.write(this.#queue.takeAll())
  }

  /** Resolves when everything was written, or could not be. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#queue.drained()
    process.stdout.off('error', ignore)
  }
}

const write = (block: string) =>
  new Promise<void>((resolve, reject) => {
    process.stdout.write(block, (error) => (error ? reject(error) : resolve()))
  })

/** Whoever waits for the write hears of it. */
const ignore = () => {}
