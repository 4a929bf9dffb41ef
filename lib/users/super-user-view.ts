import type { Caller } from '../files/caller.ts'
import type { DataFolders } from '../files/data-folders.ts'
import { parseFileName, type FileName } from '../files/file-name.ts'
import { Refusal } from '../files/refusal.ts'
import { rootNames } from '../files/roots.ts'
import type { StoredFile } from '../files/stored-file.ts'
import type { Upload } from '../files/upload.ts'
import type { Entry, View } from '../files/view.ts'
import type { UserNames } from './names.ts'
import type { Origin, UserStore } from './store/user-store.ts'

export interface SuperUserParts {
  folders: DataFolders
  names: UserNames
  store: UserStore
}

/**
 * The super user: starts at the top, which shows the data folders, and works inside them. `data/` before a data folder
 * may stay, as scripts for the 2007 product write it. Users' files go the way of all users' files, so that
 * they keep their versions.
 */
export class SuperUserView implements View {
  readonly kind = 'superUser'
  readonly who: string
  readonly #origin: Origin
  readonly #parts: SuperUserParts

  constructor({ protocol, address }: Caller, name: string, parts: SuperUserParts) {
    this.who = `super user ${name}`
    this.#origin = { protocol, address, why: this.who }
    this.#parts = parts
  }

  async enter(path: string): Promise<void> {
    const parts = partsOf(path)
    if (parts.length > 0) await this.#parts.folders.enter(parts)
  }

  async list(path: string): Promise<Entry[]> {
    const parts = partsOf(path)
    return parts.length === 0 ? this.#parts.folders.roots() : this.#parts.folders.list(parts)
  }

  async look(path: string): Promise<Entry> {
    const parts = partsOf(path)
    if (parts.length === 0) return { name: '/', kind: 'folder', size: 0, changedAt: new Date(0) }
    return this.#parts.folders.look(parts)
  }

  async read(path: string): Promise<StoredFile> {
    return this.#parts.folders.read(inside(path))
  }

  async store(path: string, how: 'replace' | 'append'): Promise<Upload> {
    const parts = inside(path)
    const users = this.#usersFile(parts)
    return users === undefined
      ? this.#parts.folders.store(parts, how)
      : this.#parts.store.begin(users, this.#origin, how)
  }

  async remove(path: string): Promise<void> {
    const parts = inside(path)
    const users = this.#usersFile(parts)
    if (users === undefined) await this.#parts.folders.remove(parts)
    else await this.#parts.store.remove(users, this.#origin)
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [inside(from), inside(to)]
    const [usersSource, usersTarget] = [this.#usersFile(source), this.#usersFile(target)]
    if (usersSource === undefined && usersTarget === undefined)
      return this.#parts.folders.rename(source, target)
    if (usersTarget === undefined)
      throw new Refusal('forbidden', 'a backup stays a backup: store it under its new name')
    if (usersSource === undefined) await this.#moveIn(source, usersTarget)
    else await this.#parts.store.rename(usersSource, usersTarget, this.#origin)
  }

  /** Clients that store under a temporary name first end like this. */
  async #moveIn(source: readonly string[], target: FileName): Promise<void> {
    const { folders, store } = this.#parts
    const file = await folders.read(source)
    const upload = await store.begin(target, this.#origin)
    try {
      await copyInto(upload, file)
      await upload.commit()
    } catch (error) {
      await upload.abort()
      throw error
    }
    await folders.remove(source)
  }

  async makeFolder(path: string): Promise<void> {
    await this.#parts.folders.makeFolder(inside(path))
  }

  async removeFolder(path: string): Promise<void> {
    await this.#parts.folders.removeFolder(inside(path))
  }

  /** The name in the store of users' files, for what is one. */
  #usersFile([root, ...below]: readonly string[]): FileName | undefined {
    if (root !== rootNames.ftp) return undefined
    const asked = this.#parts.names.parse(below.at(-1) ?? '')
    if (asked === undefined || (asked.kind === 'backup' && asked.extension === undefined)) return undefined
    const name = this.#parts.names.fileOf(asked)
    return name === parseFileName(below.join('/')) ? name : undefined
  }
}

async function copyInto(upload: Upload, file: StoredFile): Promise<void> {
  const pieces = await file.open()
  try {
    for (let at = 0; at < file.size; at += pieceBytes) await upload.write(await pieces.read(at, pieceBytes))
  } finally {
    await pieces.close()
  }
}

const pieceBytes = 262_144

function partsOf(path: string): string[] {
  const parts = path.split('/').slice(1)
  if (parts[0] === 'data' || parts[0] === '') parts.shift()
  return parts
}

/** Nothing is stored, fetched or changed at the top: first CWD, as the 2007 product demanded it. */
function inside(path: string): string[] {
  const parts = partsOf(path)
  if (parts.length < 2)
    throw new Refusal(
      'forbidden',
      `go into a data folder first: CWD ${Object.values(rootNames).join(', CWD ')}`,
    )
  return parts
}
