import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The reign of an agent, for whoever cleans up after it. Lies in the run folder, and is gone after a boot. */
export interface OpenReign {
  nonce: string
  epoch: number
}

export const reignPath = (runFolder: string): string => join(runFolder, 'agent.reign')

export class ReignFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** Undefined: the agent gave its role up, or had none. */
  read(): OpenReign | undefined {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as OpenReign
    } catch {
      return undefined
    }
  }

  write({ nonce, epoch }: OpenReign): void {
    writeFileSync(this.#path, JSON.stringify({ nonce, epoch }), { mode: 0o600 })
  }

  remove(): void {
    rmSync(this.#path, { force: true })
  }
}
