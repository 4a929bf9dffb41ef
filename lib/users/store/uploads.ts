import type { FileName } from '../../files/file-name.ts'
import { Refusal } from '../../files/refusal.ts'
import type { Upload } from '../../files/upload.ts'
import type { Changes } from './changes.ts'
import type { Origin } from './file-record.ts'
import type { ProbeStore } from './probe-store.ts'
import type { Reader } from './reader.ts'
import { StagedFile } from './staged-file.ts'
import type { Stock } from './stock.ts'
import { UserUpload } from './user-upload.ts'
import type { Writer } from './writer.ts'

export interface UploadsParts extends Stock {
  changes: Changes
  probes: ProbeStore
  reader: Reader
  writer: Writer
}

/** All files on their way from phones. */
export class Uploads {
  readonly #maxBytes: number
  readonly #parts: UploadsParts
  readonly #underWay = new Set<UserUpload>()

  constructor(maxBytes: number, parts: UploadsParts) {
    this.#maxBytes = maxBytes
    this.#parts = parts
  }

  get underWay(): number {
    return this.#underWay.size
  }

  /** @throws Refusal; an Error when the disk has failed */
  async begin(
    name: FileName,
    by: Origin,
    how: 'replace' | 'append' = 'replace',
    maxBytes = this.#maxBytes,
  ): Promise<Upload> {
    const { changes, folders } = this.#parts
    changes.checkMayBegin([name])
    const upload = new UserUpload(new StagedFile(folders.staging, maxBytes), {
      place: (staged) => changes.inTurn([name], () => this.#place(name, staged, by)),
      failure: (error) => changes.failure(error, `cannot store ${name}`),
      onOver: (over) => this.#underWay.delete(over),
    })
    this.#underWay.add(upload)
    if (how === 'append') await this.#copyStanding(name, upload)
    return upload
  }

  async abortAll(): Promise<void> {
    await Promise.allSettled([...this.#underWay].map((upload) => upload.abort()))
  }

  async #place(name: FileName, staged: StagedFile, by: Origin): Promise<'created' | 'replaced'> {
    const { probes, writer } = this.#parts
    if (probes.has(name)) return probes.put(name, staged)
    return (await writer.put(name, staged, by)).outcome
  }

  async #copyStanding(name: FileName, upload: UserUpload): Promise<void> {
    const { locks, reader } = this.#parts
    try {
      await locks.settled(name)
      await upload.write((await reader.readNow(name)).content)
    } catch (error) {
      if (error instanceof Refusal && error.reason === 'notFound') return
      await upload.abort()
      throw error
    }
  }
}
