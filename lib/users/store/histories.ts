import type { FileName } from '../../files/file-name.ts'
import type { Entry, FileEntry, FileRecord, Look } from './file-record.ts'

/** What the journal says, by name: the puts and deletions of each, oldest first. */
export class Histories {
  /** Something looks different from what the journal says. */
  looksChanged = false
  readonly #byName = new Map<FileName, FileEntry[]>()

  apply(entry: Entry): void {
    const { name } = entry.record
    this.#set(name, withEntry(this.#byName.get(name) ?? [], entry))
  }

  /** Forgets everything for what another journal says. */
  replace(entries: readonly Entry[]): void {
    this.#byName.clear()
    for (const entry of entries) this.apply(entry)
  }

  /** The put that will stand under that name once these have happened. */
  foresee(name: FileName, entries: readonly Entry[]): FileEntry | undefined {
    const ofName = entries.filter(({ record }) => record.name === name)
    const last = ofName.reduce(withEntry, [...(this.#byName.get(name) ?? [])]).at(-1)
    return last?.record.op === 'put' ? last : undefined
  }

  /** The put that stands; undefined for a name that is deleted or unknown. */
  current(name: FileName): FileEntry | undefined {
    const last = this.#byName.get(name)?.at(-1)
    return last?.record.op === 'put' ? last : undefined
  }

  /** The put that stands, or stood when the name was deleted. */
  lastPut(name: FileName): FileEntry | undefined {
    return this.#byName.get(name)?.findLast(({ record }) => record.op === 'put')
  }

  /** The last thing that happened, where that was a deletion. */
  deletion(name: FileName): FileRecord | undefined {
    const last = this.#byName.get(name)?.at(-1)?.record
    return last?.op === 'delete' ? last : undefined
  }

  of(name: FileName): FileRecord[] {
    return (this.#byName.get(name) ?? []).map(({ record }) => record)
  }

  names(): FileName[] {
    return [...this.#byName.keys()]
  }

  /** All that is still needed, in the order it happened. */
  entries(): FileEntry[] {
    return [...this.#byName.values()].flat().toSorted((a, b) => a.record.seq - b.record.seq)
  }

  /** The puts whose content lies among the versions: all but those that stand. */
  keptVersions(): FileRecord[] {
    return this.names().flatMap((name) => {
      const current = this.current(name)?.record.seq
      return this.of(name).filter(({ op, seq }) => op === 'put' && seq !== current)
    })
  }

  /** The file that stands has the content we know, but looks different, as after a copy to another disk. */
  setLook(name: FileName, look: Look): void {
    const current = this.current(name)
    if (current === undefined || isSameLook(current.look, look)) return
    current.look = look
    this.looksChanged = true
  }

  /** Forgets what is over the limit. @returns the puts whose content is no longer needed */
  prune(name: FileName, versions: number): FileRecord[] {
    const records = this.of(name)
    const surplus = surplusOf(records, versions)
    if (surplus.length > 0) this.#drop(name, surplus)
    return surplus.filter(({ op }) => op === 'put')
  }

  /** Forgets a name. @returns its puts */
  forget(name: FileName): FileRecord[] {
    const puts = this.of(name).filter(({ op }) => op === 'put')
    this.#byName.delete(name)
    return puts
  }

  #drop(name: FileName, records: readonly FileRecord[]): void {
    const seqs = records.map(({ seq }) => seq)
    this.#set(name, without(this.#byName.get(name) ?? [], seqs))
  }

  #set(name: FileName, entries: FileEntry[]): void {
    if (entries.length === 0) this.#byName.delete(name)
    else this.#byName.set(name, entries)
  }
}

const isSameLook = (a: Look | undefined, b: Look) => a?.ino === b.ino && a.mtimeMs === b.mtimeMs

/** A put whose content is not here is passed over: what stood before it still does. */
function withEntry(entries: FileEntry[], { record, look, gone }: Entry): FileEntry[] {
  if (gone === true) return entries
  if (record.op === 'void') return without(entries, [record.of])
  entries.push({ record, ...(look === undefined ? {} : { look }) })
  return entries
}

const without = (entries: readonly FileEntry[], seqs: readonly number[]) =>
  entries.filter(({ record }) => !seqs.includes(record.seq))

/**
 * The records of one name that are over the limit: puts before the last `versions`, but for the one kept at hand
 * because a later one shrank, and deletions that no older put is left for.
 */
export function surplusOf(records: readonly FileRecord[], versions: number): FileRecord[] {
  const puts = records.filter(({ op }) => op === 'put')
  const atHand = puts.at(-1)?.shrankFrom
  const kept = new Set(puts.slice(-versions).map(({ seq }) => seq))
  if (atHand !== undefined) kept.add(atHand)
  const oldest = puts.find(({ seq }) => kept.has(seq))?.seq ?? Infinity
  const last = records.at(-1)
  return records.filter((record) =>
    record.op === 'put' ? !kept.has(record.seq) : record !== last && record.seq < oldest,
  )
}

/** The version to keep at hand once a backup of `size` follows: the one it shrank from, or the one kept so far. */
export function keptAtHand(
  records: readonly FileRecord[],
  size: number,
  shrinkPercent: number,
): number | undefined {
  const before = records.findLast(({ op }) => op === 'put')
  if (before === undefined) return undefined
  if (size < (before.size * (100 - shrinkPercent)) / 100) return before.seq
  const atHand = records.find(({ op, seq }) => op === 'put' && seq === before.shrankFrom)
  return atHand !== undefined && size < atHand.size ? atHand.seq : undefined
}
