import { appendFile, mkdir, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../lib/base/clock.ts'
import type { Log } from '../../lib/base/log.ts'
import type { PairEvent } from './views.ts'

const kept = 500
const fileBytes = 1_048_576

export interface EventsParts {
  clock: Clock
  log: Log
  node: string
  /** Where they survive a restart; the file before is kept beside it. */
  path: string
}

/** What happened to the pair, as this node saw it: log, memory, file, and whoever listens. */
export class Events {
  readonly #parts: EventsParts
  readonly #listeners = new Set<(event: PairEvent) => void>()
  #events: PairEvent[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: EventsParts) {
    this.#parts = parts
  }

  async load(): Promise<void> {
    const text = await readFile(this.#parts.path, 'utf8').catch(() => '')
    const events = text.split('\n').flatMap((line) => parseEvent(line) ?? [])
    this.#events = [...events, ...this.#events].slice(-kept)
  }

  list(): PairEvent[] {
    return [...this.#events]
  }

  /** @returns takes the listener back */
  onEvent(listener: (event: PairEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  add(weight: PairEvent['weight'], epoch: number, sentence: string): void {
    const { clock, log, node } = this.#parts
    const event = { at: clock.wallTime().toISOString(), node, epoch, weight, sentence }
    log[weight === 'note' ? 'info' : 'warn']({ epoch, sentence }, `pair ${weight}`)
    this.#events = [...this.#events, event].slice(-kept)
    for (const listener of this.#listeners) listener(event)
    this.#writing = this.#writing.then(() => this.#write(event))
  }

  /** Resolves once all that was added is on disk, or could not be written. */
  written(): Promise<void> {
    return this.#writing
  }

  async #write(event: PairEvent): Promise<void> {
    const { path, log } = this.#parts
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o750 })
      const { size } = await stat(path).catch(() => ({ size: 0 }))
      if (size > fileBytes) await rename(path, `${path}.1`)
      await appendFile(path, `${JSON.stringify(event)}\n`, { mode: 0o640 })
    } catch (err) {
      log.debug({ err }, 'event of the pair not written')
    }
  }
}

function parseEvent(line: string): PairEvent | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as PairEvent)
  } catch {
    return undefined
  }
}
