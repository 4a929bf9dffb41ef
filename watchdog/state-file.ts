import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '../lib/base/log.ts'
import type { State } from './supervision.ts'

/** What the watchdog knows, on disk: after a restart an open incident is the same one, and is not told again. */
export class StateFile {
  readonly #path: string
  readonly #log: Log
  #saving: Promise<void> = Promise.resolve()
  #next: State | undefined

  constructor(path: string, { log }: { log: Log }) {
    this.#path = path
    this.#log = log
  }

  /** Undefined: there is none, or none that can be read; then the watchdog begins anew. */
  async load(): Promise<State | undefined> {
    try {
      return JSON.parse(await readFile(this.#path, 'utf8')) as State
    } catch (error) {
      const isFirst = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      if (!isFirst) this.#log.warn({ file: this.#path, err: error }, 'watchdog state not readable')
      return undefined
    }
  }

  /** Saves it soon; what was not saved yet is left out. Never rejects: without it, the watchdog goes on. */
  save(state: State): Promise<void> {
    const isWaiting = this.#next !== undefined
    this.#next = state
    if (!isWaiting) this.#saving = this.#saving.then(() => this.#write())
    return this.#saving
  }

  async #write(): Promise<void> {
    const state = this.#next
    this.#next = undefined
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o750 })
      const handle = await open(`${this.#path}.new`, 'w', 0o640)
      try {
        await handle.writeFile(JSON.stringify(state))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(`${this.#path}.new`, this.#path)
    } catch (err) {
      this.#log.warn({ file: this.#path, err }, 'watchdog state not saved')
    }
  }
}
