import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Step } from '../../lib/users/store/steps.ts'

/** Points of a program's work: steps of the store, and two that need another program. */
export type Point =
  | Step
  | 'insync answered' // the agent has answered the file server: the set of nodes with everything is another one
  | 'role taken' // etcd has done what the agent asked, and its answer gets lost

export interface Order {
  at: Point
  signal: NodeJS.Signals
  pids: readonly number[]
}

const program = new URL('tampered-program.ts', import.meta.url).pathname

/** What is needed to stop the programs of a node at a point of their work, or to set their clocks. */
export class Tampering {
  readonly #folder: string

  /** @param folder of its own */
  constructor(folder: string) {
    mkdirSync(folder)
    this.#folder = folder
  }

  /** Of programs that can be tampered with. */
  get env(): Record<string, string> {
    return { NODE_OPTIONS: `--import=${program}`, TAMPERING_FOLDER: this.#folder }
  }

  /** Carried out once. */
  order(order: Order): void {
    this.#write('order', JSON.stringify(order))
  }

  /** Nothing has come to that point yet. */
  get isPending(): boolean {
    return existsSync(join(this.#folder, 'order'))
  }

  /** What their wall clocks are wrong by, from now on. */
  shiftClock(ms: number): void {
    this.#write('clock-shift-ms', String(ms))
  }

  #write(name: string, text: string): void {
    const path = join(this.#folder, name)
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
}
