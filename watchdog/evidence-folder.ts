import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface EvidenceLimits {
  /** Kept folders, the newest included. */
  folders: number
  /** Of all kept folders together. */
  bytes: number
  /** Of one file; the rest of it is cut off. */
  fileBytes: number
}

interface Kept {
  path: string
  changedMs: number
  bytes: number
}

/** Where evidence lies: a folder for each restart, bounded in number and size. */
export class EvidenceFolder {
  readonly #root: string
  readonly #limits: EvidenceLimits

  constructor(root: string, limits: EvidenceLimits) {
    this.#root = root
    this.#limits = limits
  }

  /** A folder for one restart; the second of the same incident gets a number. */
  async begin(incident: string): Promise<string> {
    await mkdir(this.#root, { recursive: true, mode: 0o750 })
    const name = incident.replaceAll(/[^\w-]/g, '_').slice(0, 100) || 'incident'
    for (let number = 1; number <= this.#limits.folders + 1; number++) {
      const path = join(this.#root, number === 1 ? name : `${name}-${number}`)
      const made = await mkdir(path, { mode: 0o750 }).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
          return false
        },
      )
      if (made) return path
    }
    throw new Error(`${join(this.#root, name)} and its followers exist already`)
  }

  async write(folder: string, file: string, text: string): Promise<void> {
    const bytes = Buffer.from(text)
    await writeFile(join(folder, file), bytes.subarray(0, this.#limits.fileBytes), { mode: 0o640 })
  }

  /** Removes the oldest, until what is left is within the limits. `newest` stays in any case. */
  async prune(newest: string): Promise<void> {
    const kept = (await this.#all()).toSorted((a, b) => b.changedMs - a.changedMs)
    const ordered = [
      ...kept.filter(({ path }) => path === newest),
      ...kept.filter(({ path }) => path !== newest),
    ]
    let bytes = 0
    for (const [index, each] of ordered.entries()) {
      bytes += each.bytes
      const isOver = index >= this.#limits.folders || bytes > this.#limits.bytes
      if (isOver && each.path !== newest) await rm(each.path, { recursive: true, force: true })
    }
  }

  async #all(): Promise<Kept[]> {
    const names = await readdir(this.#root)
    return Promise.all(names.map((name) => measured(join(this.#root, name))))
  }
}

async function measured(path: string): Promise<Kept> {
  const { mtimeMs } = await stat(path)
  const sizes = await Promise.all(
    (await readdir(path).catch(() => [])).map((file) =>
      stat(join(path, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return { path, changedMs: mtimeMs, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}
