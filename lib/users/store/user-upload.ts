import type { Upload } from '../../files/upload.ts'
import { StagedFile } from './staged-file.ts'

export interface UploadParts {
  /** Puts the content in place. */
  place: (staged: StagedFile) => Promise<'created' | 'replaced'>
  /** What a failure becomes. */
  failure: (error: unknown) => Error
  onOver: (upload: UserUpload) => void
}

/** One file on its way from a phone. */
export class UserUpload implements Upload {
  readonly #staged: StagedFile
  readonly #parts: UploadParts
  /** What was asked for last: everything happens in order, also for a caller that does not wait. */
  #last: Promise<unknown> = Promise.resolve()
  #state: 'open' | 'committing' | 'over' = 'open'

  constructor(staged: StagedFile, parts: UploadParts) {
    this.#staged = staged
    this.#parts = parts
  }

  async write(chunk: Buffer): Promise<void> {
    this.#mustBeOpen()
    await this.#inOrder(() => this.#staged.write(chunk))
  }

  async commit(): Promise<'created' | 'replaced'> {
    this.#mustBeOpen()
    this.#state = 'committing'
    const outcome = await this.#inOrder(() => this.#parts.place(this.#staged))
    this.#parts.onOver(this)
    return outcome
  }

  async abort(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'over'
    await this.#last.catch(() => {}) // told to whoever asked for it
    await this.#staged.discard()
    this.#parts.onOver(this)
  }

  /** What follows a failure fails with it. */
  async #inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result
    try {
      return await result
    } catch (error) {
      this.#state = 'over'
      await this.#staged.discard().catch(() => {}) // what stays behind is removed at the next start
      this.#parts.onOver(this)
      throw this.#parts.failure(error)
    }
  }

  #mustBeOpen(): void {
    if (this.#state !== 'open') throw new Error('this upload is over')
  }
}
