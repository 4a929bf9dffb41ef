import { askControl } from '../../lib/base/control-socket.ts'
import type { ReplicaView, ToldRole } from '../replica/role.ts'

/** What it says of itself. */
export interface FileserverView extends ReplicaView {
  /** Transfers under way. */
  transfers: number
  /** Every large file of the active node is here. */
  complete: boolean
}

const roleMs = 500
const closeMs = 300

/**
 * Keeps the file server's role up to date: the latest counts, and one call is under way at a time, so that a file
 * server that hangs does not gather a queue.
 */
export class FileserverLink {
  readonly #socketPath: string
  #latest: ToldRole | undefined
  #telling: Promise<void> | undefined
  #view: FileserverView | undefined
  #failure: string | undefined

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  /** Undefined: it does not answer. */
  get view(): FileserverView | undefined {
    return this.#failure === undefined ? this.#view : undefined
  }

  get failure(): string | undefined {
    return this.#failure
  }

  tell(role: ToldRole): void {
    this.#latest = role
    this.#telling ??= this.#keepTelling().finally(() => (this.#telling = undefined))
  }

  /** Resolves once it has heard, or after a short while: the gate closes by itself at its time. */
  async close(role: ToldRole): Promise<void> {
    this.#latest = undefined
    await this.#telling // what was said before must not arrive after it
    await this.#ask(role, closeMs)
  }

  /** Resolves once what is being saved has ended, or that time is over. */
  async drained(timeoutMs: number): Promise<void> {
    const call = { method: 'POST', timeoutMs: Math.max(timeoutMs, 10) } as const
    await askControl(this.#socketPath, '/pair/drain', call).catch(() => {}) // then it has to do without
  }

  async #keepTelling(): Promise<void> {
    while (this.#latest !== undefined) {
      const role = this.#latest
      this.#latest = undefined
      await this.#ask(role, roleMs)
    }
  }

  async #ask(role: ToldRole, timeoutMs: number): Promise<void> {
    try {
      const call = { method: 'POST', body: role, timeoutMs } as const
      this.#view = await askControl<FileserverView>(this.#socketPath, '/pair/role', call)
      this.#failure = undefined
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error)
    }
  }
}
