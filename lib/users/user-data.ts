import type { Config } from '../base/config.ts'
import type { Caller } from '../files/caller.ts'
import type { FileName } from '../files/file-name.ts'
import { Refusal } from '../files/refusal.ts'
import type { Presented, UserFiles } from '../files/service.ts'
import type { StoredFile } from '../files/stored-file.ts'
import type { Upload } from '../files/upload.ts'
import type { Evidence, Proof, UserAccess } from './access.ts'
import type { UserFileAsked, UserNames } from './names.ts'
import type { Origin, UserStore } from './store/user-store.ts'

export type UserDataRules = Pick<Config['userData'], 'httpPaths' | 'maxBytes'>

export interface UserDataParts {
  names: UserNames
  access: UserAccess
  store: UserStore
}

/** Users' files as phones reach them by HTTP: which names mean one, whose it is, and who may touch it. */
export class UserData implements UserFiles {
  readonly #paths: readonly string[]
  readonly #maxBytes: number
  readonly #parts: UserDataParts

  constructor({ httpPaths, maxBytes }: UserDataRules, parts: UserDataParts) {
    this.#paths = httpPaths.map((path) => path.slice(1))
    this.#maxBytes = maxBytes
    this.#parts = parts
  }

  owns(name: FileName): boolean {
    return this.#meaning(name) !== undefined
  }

  async read(caller: Caller, name: FileName, presented: Presented): Promise<StoredFile> {
    const { asked, file, model } = await this.#admit(caller, name, presented)
    try {
      return await this.#parts.store.read(file)
    } catch (error) {
      if (!(error instanceof Refusal) || error.reason !== 'notFound' || asked.kind === 'upload') throw error
      if (this.#parts.names.whenMissing(model, asked.data) === 'notFound') throw error
      return emptyFile(file)
    }
  }

  async save(caller: Caller, name: FileName, presented: Presented, bytes: number): Promise<Upload> {
    const { file, model } = await this.#admit(caller, name, presented)
    if (bytes > this.#maxBytes)
      throw new Refusal('tooLarge', `${bytes} bytes, and userData.maxBytes is ${this.#maxBytes}`)
    return this.#parts.store.begin(file, originOf(caller, model))
  }

  async remove(caller: Caller, name: FileName, presented: Presented): Promise<void> {
    const { file, model } = await this.#admit(caller, name, presented)
    await this.#parts.store.remove(file, originOf(caller, model))
  }

  /**
   * A bare name (`9610data.txt`) is a common file that everybody may read, and no user's. `elsewhere`: it is named
   * like a user's file, and is not to be had at that place.
   */
  #meaning(name: FileName): UserFileAsked | 'elsewhere' | undefined {
    const asked = this.#parts.names.parse(name.slice(name.lastIndexOf('/') + 1))
    if (asked === undefined || (asked.kind === 'backup' && asked.extension === undefined)) return undefined
    const folder = name.slice(0, name.lastIndexOf('/') + 1)
    return this.#paths.includes(folder) ? asked : 'elsewhere'
  }

  async #admit(caller: Caller, name: FileName, presented: Presented): Promise<Admitted> {
    const asked = this.#meaning(name)
    if (asked === undefined) throw new Refusal('forbidden', `${name} is no user's file`)
    if (asked === 'elsewhere' || caller.protocol === 'tftp')
      throw new Refusal('forbidden', "users' files are served over HTTP and HTTPS below userData.httpPaths")
    const evidence: Evidence = {
      localAddress: presented.localAddress ?? '',
      authorization: presented.authorization,
      extension: asked.kind === 'backup' ? asked.extension : undefined,
    }
    const proof = await this.#parts.access.prove(caller, evidence)
    checkOwner(proof, asked)
    const model = proof.by === 'snmp' ? proof.phone.model : presented.phone?.model
    return { asked, file: this.#parts.names.fileOf(asked), model }
  }
}

interface Admitted {
  asked: UserFileAsked
  file: FileName
  model: string | undefined
}

/** @throws Refusal `forbidden` when the phone is somebody else's */
export function checkOwner(proof: Proof, asked: UserFileAsked): void {
  if (proof.by !== 'snmp') return
  const { extension, mac } = proof.phone
  if (asked.kind === 'backup' && asked.extension !== undefined && asked.extension !== extension)
    throw new Refusal('forbidden', `the phone is ${extension}, and the file is of ${asked.extension}`)
  if (asked.kind === 'upload' && asked.mac !== mac)
    throw new Refusal(
      'forbidden',
      `the phone is ${mac ?? 'of an unknown MAC'}, and the file is of ${asked.mac}`,
    )
}

export const originOf = ({ protocol, address }: Caller, model: string | undefined): Origin => ({
  protocol,
  address,
  ...(model === undefined || model === '' ? {} : { model }),
})

/** For phones that only ever save after they could read (J100). */
const emptyFile = (name: FileName): StoredFile => ({
  name,
  size: 0,
  changedAt: new Date(0),
  etag: 'e3b0c442', // as of any empty file
  content: Buffer.alloc(0),
  open: () => Promise.reject(new Error('an empty file is held in memory')),
})
