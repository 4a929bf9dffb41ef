import { createHash } from 'node:crypto'
import type { VersionRecord } from '../../lib/users/archive/as-of.ts'
import { parseFileName, type FileName } from '../../lib/files/file-name.ts'

/** User data in memory, with as many versions as a test writes. */
export class MemoryStore {
  readonly #versions = new Map<FileName, { record: VersionRecord; content: Buffer }[]>()
  /** Who put the versions there that came through `putContent`. */
  readonly putBy: unknown[] = []
  #seq = 0

  /** Stores a version, or with `undefined` deletes the file. */
  write(name: string, content: string | Buffer | undefined, at = '2026-11-10T00:00:00.000Z'): VersionRecord {
    const bytes = Buffer.from(content ?? '')
    const record: VersionRecord = {
      seq: ++this.#seq,
      at,
      op: content === undefined ? 'delete' : 'put',
      name: parseFileName(name),
      size: bytes.length,
      hash: createHash('sha256').update(bytes).digest('hex'),
    }
    this.#versions.set(record.name, [{ record, content: bytes }, ...(this.#versions.get(record.name) ?? [])])
    return record
  }

  /** What the file holds now. */
  current(name: string): string | undefined {
    const [newest] = this.#versions.get(parseFileName(name)) ?? []
    return newest?.record.op === 'put' ? newest.content.toString() : undefined
  }

  files(): VersionRecord[] {
    return this.#newest().filter(({ op }) => op === 'put')
  }

  deleted(): VersionRecord[] {
    return this.#newest().filter(({ op }) => op === 'delete')
  }

  versions(name: FileName): VersionRecord[] {
    return (this.#versions.get(name) ?? []).map(({ record }) => record)
  }

  async readVersion(name: FileName, seq: number): Promise<Buffer> {
    const found = this.#versions.get(name)?.find(({ record }) => record.seq === seq)
    if (found === undefined) throw new Error(`${name} has no version ${seq}`)
    return found.content
  }

  async putContent(name: FileName, content: Buffer, by: unknown): Promise<VersionRecord> {
    this.putBy.push(by)
    return this.write(name, content)
  }

  #newest(): VersionRecord[] {
    return [...this.#versions.values()].flatMap(([newest]) => newest?.record ?? [])
  }
}
