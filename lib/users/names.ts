import type { UserFamilyRow } from '../base/settings/user-data.ts'
import { parseFileName, type FileName } from '../files/file-name.ts'
import { ProbeFiles } from '../files/probe-files.ts'

/** What a name asked for means, where it means a user's file at all. */
export type UserFileAsked =
  /** `4711_96xxdata.txt`; without an extension `4620data.txt`, as phones of old firmware say it. */
  | { kind: 'backup'; extension: string | undefined; data: string }
  /** What phones of other vendors store under their MAC: `0004f2abcdef-boot.log`. */
  | { kind: 'upload'; mac: string; ending: string }

export interface UserNameRules {
  families: readonly UserFamilyRow[]
  longestExtension: number
  /** Ends of the names that other phones may store. */
  uploads: readonly string[]
}

/** Types whose phones keep their data under the name of another one, and may call it by their own. */
const sameData: Readonly<Record<string, string>> = { '4621': '4620', '4622': '4620', '4625': '4620' }

/**
 * The names of users' files. An extension counts as it is written: two that differ in case are two users. What
 * follows it is known from the table, whatever its case.
 */
export class UserNames {
  readonly #data: ReadonlyMap<string, string>
  readonly #families: readonly UserFamilyRow[]
  readonly #extension: RegExp
  readonly #uploads: readonly string[]
  readonly #probes: ProbeFiles

  /** @param probes whose user may be longer than extensions here are */
  constructor({ families, longestExtension, uploads }: UserNameRules, probes = new ProbeFiles()) {
    this.#families = families
    this.#data = new Map(families.flatMap(({ data }) => data.map((name) => [name.toLowerCase(), name])))
    this.#extension = new RegExp(`^[0-9A-Za-z]{1,${longestExtension}}$`)
    this.#uploads = uploads.map((ending) => ending.toLowerCase())
    this.#probes = probes
  }

  /** @param name without a folder. Undefined: it is no user's file. */
  parse(name: string): UserFileAsked | undefined {
    const bare = this.#dataNamed(name)
    if (bare !== undefined) return { kind: 'backup', extension: undefined, data: bare }
    const [extension = ''] = name.split('_', 1)
    const data = this.#dataNamed(name.slice(extension.length + 1))
    if (data !== undefined && this.#isExtension(extension)) return { kind: 'backup', extension, data }
    const [, mac, ending] = /^([0-9a-f]{12})(.+)$/.exec(name.toLowerCase()) ?? []
    if (mac === undefined || ending === undefined || !this.#uploads.includes(ending)) return undefined
    return { kind: 'upload', mac, ending }
  }

  /**
   * Where it lies: backups beside each other, uploads in a folder for each phone.
   * @param extension of the user, where the name leaves it out
   */
  fileOf(asked: UserFileAsked, extension?: string): FileName {
    if (asked.kind === 'upload') return parseFileName(`${asked.mac}/${asked.mac}${asked.ending}`)
    return parseFileName(`${asked.extension ?? extension ?? ''}_${asked.data}`)
  }

  /** What a user who has saved nothing gets over HTTP, by the phone, or where that is unknown by the file. */
  whenMissing(model: string | undefined, data: string): UserFamilyRow['missing'] {
    const byModel = this.#families.find(({ models }) => models.some((start) => model?.startsWith(start)))
    const row = byModel ?? this.#families.find((family) => family.data.includes(data))
    return row?.missing ?? 'notFound'
  }

  #isExtension(text: string): boolean {
    return this.#extension.test(text) || this.#probes.isUser(text)
  }

  #dataNamed(name: string): string | undefined {
    const lower = name.toLowerCase()
    const [, type = '', rest = ''] = /^(\d{4})(data.*)$/.exec(lower) ?? []
    return this.#data.get(lower) ?? this.#data.get(`${sameData[type] ?? ''}${rest}`)
  }
}
