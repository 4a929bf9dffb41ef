import { parseFileName, type FileName } from '../../files/file-name.ts'
import { parseMonth, type Month } from './month.ts'

/** What a month's folder holds. It is written last: where there is one, everything it names was there and whole. */
export interface Manifest {
  month: Month
  /** The month was over, so that nothing can be added any more. */
  complete: boolean
  madeAt: string
  files: ArchivedFile[]
  /** Files that could not be read, and why. */
  missing: { name: FileName; why: string }[]
}

export interface ArchivedFile {
  name: FileName
  /** Bytes before packing. */
  size: number
  /** SHA-256 before packing, hex. */
  hash: string
  seq: number
}

/** @throws Error that says what is wrong with it */
export function parseManifest(text: string): Manifest {
  const read: unknown = JSON.parse(text)
  if (!isObject(read)) throw new Error('not an object')
  const { month, complete, madeAt, files, missing } = read
  const parsedMonth = typeof month === 'string' ? parseMonth(month) : undefined
  if (parsedMonth === undefined || typeof complete !== 'boolean' || typeof madeAt !== 'string')
    throw new Error('month, complete or madeAt is missing')
  if (!Array.isArray(files) || !Array.isArray(missing)) throw new Error('files or missing is not a list')
  return { month: parsedMonth, complete, madeAt, files: files.map(fileOf), missing: missing.map(missingOf) }
}

function fileOf(entry: unknown): ArchivedFile {
  if (!isObject(entry)) throw new Error('an entry is not an object')
  const { name, size, hash, seq } = entry
  const isWhole = Number.isSafeInteger(size) && Number.isSafeInteger(seq)
  if (typeof name !== 'string' || !isWhole || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash))
    throw new Error('an entry lacks name, size, hash or seq')
  return { name: parseFileName(name), size: Number(size), hash, seq: Number(seq) }
}

function missingOf(entry: unknown): Manifest['missing'][number] {
  if (!isObject(entry) || typeof entry.name !== 'string' || typeof entry.why !== 'string')
    throw new Error('an entry of missing lacks name or why')
  return { name: parseFileName(entry.name), why: entry.why }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
