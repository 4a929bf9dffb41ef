import { Refusal } from '../../lib/files/refusal.ts'
import { parseMirrorPath, type MirrorPath } from './layout.ts'

/** One file that belongs to both nodes. */
export interface Entry {
  path: MirrorPath
  size: number
  /** Hex. */
  sha256: string
  /** As `Stats` tell it: the ETag of a large file is made of size and date, so both nodes must agree on them. */
  mtimeMs: number
  /** Permission bits. */
  mode: number
}

export type Role = 'active' | 'standby' | 'none'

/** What a node has, sorted by path. */
export interface Manifest {
  node: string
  role: Role
  /** Another one after each start of the node's process. */
  run: string
  entries: readonly Entry[]
  /** Nothing is known of these paths: they are being written, or their folder (with a slash at the end) is unreadable. */
  unsure: readonly string[]
  /** Contents that will be published once the other node has them. */
  pending: readonly Content[]
}

export type Content = Pick<Entry, 'sha256' | 'size'>

const format = 1
const mostEntries = 500_000
const largestFile = 2 ** 44

/** Lines of JSON: a header, then one for each entry, so that a long one can be read in pieces. */
export function manifestLines({ entries, ...header }: Manifest): string[] {
  return [JSON.stringify({ format, ...header, count: entries.length }), ...entries.map(entryLine)]
}

/** Of the entries alone: equal on both nodes when they have the same. */
export const rootText = (entries: readonly Entry[]): string => entries.map(entryLine).join('\n')

const entryLine = ({ path, size, sha256, mtimeMs, mode }: Entry) =>
  JSON.stringify([path, size, sha256, mtimeMs, mode])

/** Reads a manifest line by line, trusting none of it. */
export class ManifestReader {
  readonly #entries: Entry[] = []
  #header: (Omit<Manifest, 'entries'> & { count: number }) | undefined

  /** @throws Refusal `badName`, `incomplete` or `tooLarge` */
  add(line: string): void {
    const read = parseJson(line)
    if (this.#header === undefined) {
      this.#header = parseHeader(read)
      return
    }
    const entry = parseEntry(read)
    const before = this.#entries.at(-1)
    if (before !== undefined && before.path >= entry.path) throw broken('its entries are out of order')
    if (this.#entries.length >= mostEntries)
      throw new Refusal('tooLarge', `a manifest of more than ${mostEntries} files`)
    this.#entries.push(entry)
  }

  /** @throws Refusal `incomplete` */
  end(): Manifest {
    if (this.#header === undefined) throw broken('it is empty')
    const { count, ...header } = this.#header
    if (count !== this.#entries.length) throw broken(`${this.#entries.length} of ${count} entries came`)
    return { ...header, entries: this.#entries }
  }
}

export const isSha256 = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

function parseHeader(read: unknown) {
  if (typeof read !== 'object' || read === null) throw broken('it has no header')
  const { format: itsFormat, node, role, run, unsure, pending, count } = read as Record<string, unknown>
  if (itsFormat !== format) throw broken(`it has format ${String(itsFormat)}, and we know ${format}`)
  if (typeof node !== 'string' || typeof run !== 'string' || !isRole(role))
    throw broken('its header is wrong')
  if (!Array.isArray(unsure) || !unsure.every((path) => typeof path === 'string'))
    throw broken('its header is wrong')
  if (!Array.isArray(pending) || !isSize(count)) throw broken('its header is wrong')
  return { node, role, run, unsure, pending: pending.map(parseContent), count }
}

function parseContent(read: unknown): Content {
  const { sha256, size } = (read ?? {}) as Record<string, unknown>
  if (!isSha256(sha256) || !isSize(size)) throw broken('a content to be published is none')
  return { sha256, size }
}

function parseEntry(read: unknown): Entry {
  if (!Array.isArray(read)) throw broken('an entry is none')
  const [path, size, sha256, mtimeMs, mode] = read as unknown[]
  if (typeof path !== 'string') throw broken('an entry has no path')
  const checked = parseMirrorPath(path)
  if (!isSize(size) || !isSha256(sha256)) throw broken(`the entry of ${checked} is wrong`)
  if (typeof mtimeMs !== 'number' || !Number.isFinite(mtimeMs) || Math.abs(mtimeMs) > 8.64e15)
    throw broken(`the date of ${checked} is wrong`)
  if (typeof mode !== 'number' || !Number.isInteger(mode) || mode < 0 || mode > 0o777)
    throw broken(`the mode of ${checked} is wrong`)
  return { path: checked, size, sha256, mtimeMs, mode }
}

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= largestFile

const isRole = (value: unknown): value is Role =>
  value === 'active' || value === 'standby' || value === 'none'

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw broken('a line of it is no JSON')
  }
}

const broken = (why: string) => new Refusal('incomplete', `the other node's manifest: ${why}`)
