import { dirname, join } from 'node:path'
import type { Config } from '../../lib/base/config.ts'
import { rootNames } from '../../lib/files/roots.ts'
import {
  isFolderTag,
  nameIn,
  tagOf,
  type FileTag,
  type FolderTag,
  type MirrorPath,
  type Tag,
} from './layout.ts'

/** Where the things that belong to both nodes lie on this one: absolute paths; a tag that is missing is not used here. */
export type PlaceTable = Partial<Record<Tag, string>>

/** Which files and folders of the settings belong to both nodes. */
export function placesOf({ data, https, userData }: Pick<Config, 'data' | 'https' | 'userData'>): PlaceTable {
  const folder = (name: string) => join(data.folder, name)
  const named: PlaceTable = {
    HTTPdata: folder(rootNames.http),
    HTTPSdata: folder(rootNames.https),
    TFTPdata: folder(rootNames.tftp),
    FTPdata: folder(rootNames.ftp),
    certs: https.certsFolder,
    certificate: https.certificate,
    key: https.key,
    clientCa: https.clientCa,
    credentials: userData.credentialsFile,
  }
  return Object.fromEntries(Object.entries(named).filter(([, path]) => path !== ''))
}

export class Places {
  readonly #table: PlaceTable
  /** Files with a tag of their own, which the folder they lie in does not tell of once more. */
  readonly #single: ReadonlySet<string>

  constructor(table: PlaceTable) {
    this.#table = table
    this.#single = new Set(this.files().map(({ path }) => path))
  }

  folders(): { tag: FolderTag; path: string }[] {
    return this.#entries().filter((place): place is { tag: FolderTag; path: string } =>
      isFolderTag(place.tag),
    )
  }

  files(): { tag: FileTag; path: string }[] {
    return this.#entries().filter((place): place is { tag: FileTag; path: string } => !isFolderTag(place.tag))
  }

  isSingle(path: string): boolean {
    return this.#single.has(path)
  }

  /** Undefined: this node's settings do not use it. */
  pathOf(path: MirrorPath): string | undefined {
    const top = this.#table[tagOf(path) as Tag]
    const name = nameIn(path)
    return top === undefined || name === undefined ? top : join(top, name)
  }

  /** The folder below which folders may be made; it must be there already. */
  topOf(path: MirrorPath): string | undefined {
    const top = this.#table[tagOf(path) as Tag]
    return top === undefined || nameIn(path) !== undefined ? top : dirname(top)
  }

  #entries(): { tag: Tag; path: string }[] {
    return Object.entries(this.#table).map(([tag, path]) => ({ tag: tag as Tag, path }))
  }
}
