import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { diskError } from './disk-error.ts'
import { Refusal } from './refusal.ts'
import { syncFolder } from './sync-folder.ts'
import type { Upload } from './upload.ts'

/** Names of files that are being written; no phone can ask for what begins with a dot. */
export const leftoverPrefix = '.upload-'

/** Writes a file beside its place, and puts it there whole once it is durable. */
export class PlainUpload implements Upload {
  readonly #handle: FileHandle
  readonly #temporary: string
  readonly #path: string
  readonly #maxBytes: number
  #bytes: number
  #open = true

  /** @param temporary in the same folder as `path`; what it holds already is kept, and added to */
  static async open(temporary: string, path: string, maxBytes: number): Promise<PlainUpload> {
    const handle = await open(temporary, 'a', 0o644)
    return new PlainUpload(handle, { temporary, path, maxBytes, bytes: (await handle.stat()).size })
  }

  private constructor(
    handle: FileHandle,
    {
      temporary,
      path,
      maxBytes,
      bytes,
    }: { temporary: string; path: string; maxBytes: number; bytes: number },
  ) {
    this.#handle = handle
    this.#temporary = temporary
    this.#path = path
    this.#maxBytes = maxBytes
    this.#bytes = bytes
  }

  async write(chunk: Buffer): Promise<void> {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) throw new Refusal('tooLarge', `more than ${this.#maxBytes} bytes`)
    await this.#handle.appendFile(chunk).catch((error: unknown) => this.#fail(error))
  }

  async commit(): Promise<'created' | 'replaced'> {
    await this.#handle.sync().catch((error: unknown) => this.#fail(error))
    await this.#close()
    const replaces = await stat(this.#path).then(
      () => true,
      () => false,
    )
    await rename(this.#temporary, this.#path)
    await syncFolder(dirname(this.#path))
    return replaces ? 'replaced' : 'created'
  }

  async abort(): Promise<void> {
    await this.#close()
    await rm(this.#temporary, { force: true })
  }

  #fail(error: unknown): never {
    throw diskError(error, `cannot store ${basename(this.#path)}`)
  }

  async #close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#handle.close()
  }
}
