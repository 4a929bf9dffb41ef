import { isProbeName } from '../../files/probe-files.ts'
import type { Entry, FileRecord, Withdrawal } from '../store/file-record.ts'
import { userDataName } from '../store/folders.ts'

/**
 * Entries as they come from the other node. The record itself stays as it came, since its hash is taken of it; how the
 * file looks over there means nothing here.
 * @throws Error that says what is wrong
 */
export function parseEntries(value: unknown): Entry[] {
  if (!Array.isArray(value)) throw new Error('entries are no list')
  const entries = value.map((entry: unknown) => ({
    record: parseRecord(isObject(entry) ? entry['record'] : undefined),
  }))
  return entries
}

/** Those that happened together. @throws Error */
export function parseBatch(value: unknown): Entry[] {
  const entries = parseEntries(value)
  const stored = entries.filter(({ record }) => record.op === 'put').map(({ record }) => record.name)
  if (entries.length === 0 || new Set(stored).size < stored.length)
    throw new Error('what happened at once is nothing, or stores one file twice')
  return entries
}

function parseRecord(record: unknown): FileRecord | Withdrawal {
  if (!isObject(record)) throw new Error('an entry has no record')
  const { seq, at, epoch, op, name, previous } = record
  if (!isSeq(seq) || typeof at !== 'string' || Number.isNaN(Date.parse(at)) || !isHash(previous))
    throw new Error('a record lacks its number, date or predecessor')
  if (epoch !== undefined && !isSeq(epoch)) throw new Error(`record ${seq} has an impossible epoch`)
  if (typeof name !== 'string' || userDataName(name) === undefined || isProbeName(name))
    throw new Error(`record ${seq} has an impossible name`)
  if (op === 'void') {
    if (!isSeq(record['of'])) throw new Error(`record ${seq} does not say what it withdraws`)
  } else if (op === 'put' || op === 'delete') checkFile(seq, record)
  else throw new Error(`record ${seq} is of an unknown kind`)
  return record as unknown as FileRecord | Withdrawal
}

function checkFile(seq: number, { size, hash, by, shrankFrom }: Record<string, unknown>): void {
  if (!isCount(size) || !isHash(hash)) throw new Error(`record ${seq} lacks size or hash`)
  if (!isObject(by) || !['protocol', 'address'].every((key) => typeof by[key] === 'string'))
    throw new Error(`record ${seq} does not say whose it is`)
  if (!['model', 'why'].every((key) => by[key] === undefined || typeof by[key] === 'string'))
    throw new Error(`record ${seq} does not say whose it is`)
  if (shrankFrom !== undefined && !isSeq(shrankFrom)) throw new Error(`record ${seq} shrank from nothing`)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isSeq = (value: unknown): value is number => isCount(value) && value > 0
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
