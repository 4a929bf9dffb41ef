import { createHash, randomUUID } from 'node:crypto'
import { fstatSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../../files/refusal.ts'
import type { Look } from './file-record.ts'
import { lookOf } from './folders.ts'
import { writeAll } from './write-all.ts'

/** Small files are written at once, at their end. */
const heldBytes = 65_536

/** Content on its way into the store: hashed while it comes, limited, out of sight. */
export class StagedFile {
  readonly path: string
  readonly #maxBytes: number
  readonly #hash = createHash('sha256')
  #handle: FileHandle | undefined
  #held: Buffer[] = []
  #heldBytes = 0
  #writtenBytes = 0

  constructor(folder: string, maxBytes: number) {
    this.path = join(folder, randomUUID())
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#writtenBytes + this.#heldBytes
  }

  /** @throws Refusal `tooLarge`; an error of the disk */
  async write(chunk: Buffer): Promise<void> {
    if (this.size + chunk.length > this.#maxBytes)
      throw new Refusal('tooLarge', `more than ${this.#maxBytes} bytes`)
    this.#hash.update(chunk)
    this.#held.push(Buffer.from(chunk)) // a copy: the caller may use its buffer again
    this.#heldBytes += chunk.length
    if (this.#heldBytes >= heldBytes) await this.#flush()
  }

  /** Of everything that was written; nothing may be written after. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  /** Writes the rest. */
  async finish(): Promise<void> {
    await this.#flush()
  }

  /** Makes the content durable; its name is not yet. */
  async sync(): Promise<Look> {
    const handle = (this.#handle ??= await open(this.path, 'r+'))
    await handle.datasync()
    const look = lookOf(fstatSync(handle.fd))
    await this.#close()
    return look
  }

  async discard(): Promise<void> {
    this.#held = []
    await this.#close()
    await rm(this.path, { force: true })
  }

  async #flush(): Promise<void> {
    const content = this.#held.length === 1 ? this.#held[0] : Buffer.concat(this.#held)
    const position = this.#writtenBytes
    this.#writtenBytes += this.#heldBytes
    this.#held = []
    this.#heldBytes = 0
    this.#handle ??= await open(this.path, 'wx', 0o640)
    if (content !== undefined) await writeAll(this.#handle, content, position)
  }

  async #close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }
}

/** Stages that content, and removes what is left of it when `use` fails. */
export async function withStaged<T>(
  folder: string,
  content: Buffer,
  use: (staged: StagedFile) => Promise<T>,
): Promise<T> {
  const staged = new StagedFile(folder, content.length)
  try {
    await staged.write(content)
    return await use(staged)
  } catch (error) {
    await staged.discard().catch(() => {}) // what stays behind is removed at the next start
    throw error
  }
}
