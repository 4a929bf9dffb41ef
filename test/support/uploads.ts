import type { Caller } from '../../lib/files/caller.ts'
import { Refusal } from '../../lib/files/refusal.ts'
import type { Downloads, Granted, Presented, Uploads } from '../../lib/files/service.ts'
import type { Upload } from '../../lib/files/upload.ts'
import { inMemory } from './http.ts'

export interface AskedFor extends Presented {
  how: 'read' | 'save' | 'remove'
  caller: Caller
  name: string
  bytes?: number
}

/** Backups in memory: `4711_96xxdata.txt` may be stored and removed, nothing else. */
export class FakeBackups implements Downloads, Uploads {
  readonly kept = new Map<string, string>()
  readonly asked: AskedFor[] = []
  readonly uploads: FakeUpload[] = []
  mostBytes = 10_000_000
  /** What happens before each answer. */
  before: (asked: AskedFor) => Promise<void> | void = () => {}
  makeUpload: (commit: FakeUpload['commit']) => FakeUpload = (commit) => new FakeUpload(commit)

  async read(caller: Caller, name: string, presented: Presented = {}): Promise<Granted> {
    await this.#ask({ ...presented, how: 'read', caller, name })
    const content = this.kept.get(name)
    if (content === undefined) throw new Refusal('notFound', `no ${name}`)
    return { file: inMemory(name, Buffer.from(content, 'latin1')), kind: 'other', fallback: false }
  }

  async save(caller: Caller, name: string, presented: Presented, bytes: number): Promise<Upload> {
    await this.#ask({ ...presented, how: 'save', caller, name, bytes })
    if (!/^\d+_\w+data\.txt$/.test(name)) throw new Refusal('forbidden', `${name} is no backup`)
    if (bytes > this.mostBytes) throw new Refusal('tooLarge', `${bytes} bytes`)
    const upload = this.makeUpload(async () => {
      const outcome = this.kept.has(name) ? 'replaced' : 'created'
      this.kept.set(name, upload.content.toString('latin1'))
      return outcome
    })
    this.uploads.push(upload)
    return upload
  }

  async remove(caller: Caller, name: string, presented: Presented): Promise<void> {
    await this.#ask({ ...presented, how: 'remove', caller, name })
    if (!this.kept.delete(name)) throw new Refusal('notFound', `no ${name}`)
  }

  async #ask(asked: AskedFor): Promise<void> {
    this.asked.push(asked)
    await this.before(asked)
  }
}

/** Keeps what it is given in memory, and counts what becomes of it. */
export class FakeUpload implements Upload {
  readonly pieces: Buffer[] = []
  commits = 0
  aborts = 0
  readonly #onCommit: Upload['commit']

  constructor(onCommit: Upload['commit']) {
    this.#onCommit = onCommit
  }

  get content(): Buffer {
    return Buffer.concat(this.pieces)
  }

  async write(chunk: Buffer): Promise<void> {
    this.pieces.push(chunk)
  }

  commit(): Promise<'created' | 'replaced'> {
    this.commits += 1
    return this.#onCommit()
  }

  async abort(): Promise<void> {
    this.aborts += 1
  }
}
