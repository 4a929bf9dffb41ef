import type { Caller } from '../files/caller.ts'
import type { FileName } from '../files/file-name.ts'
import { Refusal } from '../files/refusal.ts'
import type { StoredFile } from '../files/stored-file.ts'
import type { Upload } from '../files/upload.ts'
import type { Proof } from './access.ts'
import { checkOwner, originOf } from './user-data.ts'
import type { UserNames } from './names.ts'
import type { UserStore } from './store/user-store.ts'
import type { Entry, View } from '../files/view.ts'

export interface PhoneViewParts {
  names: UserNames
  store: UserStore
}

/**
 * A phone that logged in by FTP: one folder, in which only its user's own files are. Whatever the phone calls the folder
 * (FTPDIR in its settings), it is that one.
 */
export class PhoneView implements View {
  readonly kind = 'phone'
  readonly who: string
  readonly #caller: Caller
  readonly #proof: Proof
  readonly #parts: PhoneViewParts

  constructor(caller: Caller, proof: Proof, parts: PhoneViewParts) {
    this.#caller = caller
    this.#proof = proof
    this.#parts = parts
    this.who =
      proof.by === 'snmp'
        ? `extension ${proof.phone.extension} (${proof.phone.model || 'unknown model'})`
        : caller.address
  }

  async enter(): Promise<void> {}

  /** Where only the file name tells the extension, everybody's files would be shown: none are. */
  async list(): Promise<Entry[]> {
    if (this.#proof.by !== 'snmp') return []
    const start = `${this.#proof.phone.extension}_`
    const own = this.#parts.store.files().filter(({ name }) => name.startsWith(start))
    return own.map(({ name, size, at }) => ({ name, kind: 'file', size, changedAt: new Date(at) }))
  }

  async look(path: string): Promise<Entry> {
    if (path === '/') return { name: '/', kind: 'folder', size: 0, changedAt: new Date(0) }
    const { name, size, changedAt } = await this.read(path)
    return { name, kind: 'file', size, changedAt }
  }

  async read(path: string): Promise<StoredFile> {
    return this.#parts.store.read(this.#fileAt(path))
  }

  async store(path: string, how: 'replace' | 'append'): Promise<Upload> {
    if (how === 'append') return this.#notForPhones()
    return this.#parts.store.begin(this.#fileAt(path), this.#origin())
  }

  async remove(path: string): Promise<void> {
    await this.#parts.store.remove(this.#fileAt(path), this.#origin())
  }

  rename = async (): Promise<void> => this.#notForPhones()
  makeFolder = async (): Promise<void> => this.#notForPhones()
  removeFolder = async (): Promise<void> => this.#notForPhones()

  #notForPhones(): never {
    throw new Refusal('forbidden', 'phones store, fetch and delete their own backups only')
  }

  /** @throws Refusal for a name that is no backup, or somebody else's */
  #fileAt(path: string): FileName {
    const file = path.slice(path.lastIndexOf('/') + 1)
    const asked = this.#parts.names.parse(file)
    if (asked === undefined)
      throw new Refusal('badName', `${file} is no name of a backup; userData.families lists them`)
    checkOwner(this.#proof, asked)
    const isBare = asked.kind === 'backup' && asked.extension === undefined
    return this.#parts.names.fileOf(asked, isBare ? this.#ownExtension(asked.data) : undefined)
  }

  /** For phones that leave the extension out. */
  #ownExtension(data: string): string {
    if (this.#proof.by === 'snmp') return this.#proof.phone.extension
    throw new Refusal('badName', `whose ${data} is not known here: it must be called <extension>_${data}`)
  }

  #origin() {
    return originOf(this.#caller, this.#proof.by === 'snmp' ? this.#proof.phone.model : undefined)
  }
}
