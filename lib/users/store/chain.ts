import type { Draft, Entry } from './file-record.ts'
import { hashOf, type Tip } from './journal-lines.ts'

/** Each record has a number of its own and the hash of the one before, so that what is missing or changed shows. */

export const tipAfter = (entries: readonly Entry[], tip: Tip): Tip => {
  const last = entries.at(-1)?.record
  return last === undefined ? tip : { seq: last.seq, hash: hashOf(last) }
}

/** What happens here, after the record at `tip`. */
export function chained(
  drafts: readonly Draft[],
  tip: Tip,
  { at, epoch }: { at: string; epoch: number | undefined },
): Entry[] {
  const entries: Entry[] = []
  for (const { record, look } of drafts) {
    const { seq, hash: previous } = tipAfter(entries, tip)
    const reign = epoch === undefined ? {} : { epoch }
    const placed: Entry['record'] = { seq: seq + 1, at, ...reign, ...record, previous }
    entries.push({ record: placed, ...(look === undefined ? {} : { look }) })
  }
  return entries
}

/** What happened elsewhere. @throws Error when it does not follow the record at `tip` */
export function checkChained(entries: readonly Entry[], tip: Tip): readonly Entry[] {
  let end = tip
  for (const entry of entries) {
    const { seq, previous } = entry.record
    if (seq !== end.seq + 1 || previous !== end.hash)
      throw new Error(`record ${seq} does not follow record ${end.seq}, the last one here`)
    end = tipAfter([entry], end)
  }
  return entries
}
