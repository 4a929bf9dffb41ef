import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../../lib/files/sync-folder.ts'

/** What a node remembers of its pair, so that it notices when it talks to another one, or to the past. */
export interface Known {
  /** Tells this machine from another of the same name. */
  machine: string
  /** Of the pair. Empty: it has not joined one. */
  uuid: string
  /** Of etcd. */
  clusterId: string
  /** Highest revision of etcd that was seen. */
  revision: number
}

export class KnownFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** @throws Error when there is one that cannot be read: it is the only proof of what this node has seen */
  async load(): Promise<Known> {
    try {
      const text = await readFile(this.#path, 'utf8')
      return JSON.parse(text) as Known
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
        return { machine: randomUUID(), uuid: '', clusterId: '', revision: 0 }
      throw new Error(`${this.#path} cannot be read; move it away if this node may join as a new one`, {
        cause,
      })
    }
  }

  async save(known: Known): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o750 })
    const passing = `${this.#path}.new`
    const file = await open(passing, 'w', 0o640)
    try {
      await file.writeFile(`${JSON.stringify(known, undefined, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(passing, this.#path)
    await syncFolder(dirname(this.#path))
  }
}
