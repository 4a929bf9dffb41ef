import { constants, type Stats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { FileName } from './file-name.ts'
import { FileChanged, type OpenFile, type StoredFile } from './stored-file.ts'

interface Details {
  path: string
  name: FileName
  stats: Stats
  etag: string
  content: Buffer | undefined
}

/** A file on disk that was checked and found servable. */
export class DiskFile implements StoredFile {
  readonly name: FileName
  readonly size: number
  readonly changedAt: Date
  readonly etag: string
  readonly content: Buffer | undefined
  readonly #path: string
  readonly #stats: Stats

  constructor({ path, name, stats, etag, content }: Details) {
    this.name = name
    this.size = stats.size
    this.changedAt = stats.mtime
    this.etag = etag
    this.content = content
    this.#path = path
    this.#stats = stats
  }

  async open(): Promise<OpenFile> {
    const handle = await open(this.#path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
      (cause: unknown) => {
        throw new FileChanged(this.name, { cause })
      },
    )
    const reader = new DiskReader(handle, this.name, this.#stats)
    try {
      await reader.check()
    } catch (changed) {
      await handle.close()
      throw changed
    }
    return reader
  }
}

class DiskReader implements OpenFile {
  readonly #handle: FileHandle
  readonly #name: string
  readonly #stats: Stats

  constructor(handle: FileHandle, name: string, stats: Stats) {
    this.#handle = handle
    this.#name = name
    this.#stats = stats
  }

  async read(position: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#handle.read(Buffer.allocUnsafeSlow(length), 0, length, position)
    await this.check()
    return buffer.subarray(0, bytesRead)
  }

  /**
   * After each read, so that bytes written in between are never sent. Replacing the file by another one (rename)
   * leaves this one as it was: the date of its inode changes then, its content's date does not.
   */
  async check(): Promise<void> {
    const { dev, ino, size, mtimeMs } = await this.#handle.stat()
    const sameFile = ino === this.#stats.ino && dev === this.#stats.dev
    const sameContent = size === this.#stats.size && mtimeMs === this.#stats.mtimeMs
    if (!sameFile || !sameContent) throw new FileChanged(this.#name)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}
