import { hash } from 'node:crypto'
import type { Entry, FileRecord, Withdrawal } from './file-record.ts'
import type { Batch } from './recent.ts'
import { withReign, type Reign } from './reigns.ts'

/**
 * The text of a journal segment: a first line that says what came before, the entries that are still needed from
 * then, one a line, and then one line for each change since. The entries of a line happen together or not at all.
 * Each line has a sum of its own, and each record the hash of the record before it.
 */

export interface Tip {
  /** Of the last record. */
  seq: number
  hash: string
}

export const beginning: Tip = { seq: 0, hash: '0'.repeat(64) }

export interface Header extends Tip {
  /** Lines that follow, of records from before; among these some are missing, so they make no chain. */
  lines: number
  /** Of two nodes: who wrote up to here. */
  reigns?: readonly Reign[]
}

export interface ParsedSegment {
  entries: Entry[]
  /** Where the records begin that make a chain, and these, as they happened. */
  base: Tip
  batches: Batch[]
  reigns: readonly Reign[]
  tip: Tip
  /** Bytes up to the end of the last good line. What follows was being written when the power went. */
  wholeBytes: number
  /** What is wrong before that; what could be read is in `entries`. */
  damage: string | undefined
}

export const hashOf = (record: FileRecord | Withdrawal): string => hash('sha256', JSON.stringify(record))

export const headerLine = (header: Header): string => line('header', header)
export const entriesLine = (entries: readonly Entry[]): string => line('entries', entries)

const line = (kind: 'header' | 'entries', what: object) => {
  const text = JSON.stringify(what)
  return `{"sum":"${hash('sha256', text)}","${kind}":${text}}\n`
}

const nothing = { base: beginning, reigns: [], tip: beginning, wholeBytes: 0, damage: undefined }

export function parseSegment(text: Buffer): ParsedSegment {
  const lines = splitLines(text)
  const wholeLines = lines.findLastIndex(({ content }) => content !== undefined) + 1
  const segment: ParsedSegment = { ...nothing, entries: [], batches: [] }
  const header = lines[0]?.content
  let old = 0
  if (header !== undefined && 'header' in header) {
    segment.base = segment.tip = { seq: header.header.seq, hash: header.header.hash }
    segment.reigns = header.header.reigns ?? []
    old = header.header.lines
    if (wholeLines <= old) segment.damage = `only ${wholeLines} of ${old + 1} lines`
  } else segment.damage = 'line 1'
  for (const [index, { content, end }] of lines.slice(0, wholeLines).entries()) {
    segment.wholeBytes = end
    if (content === undefined) segment.damage ??= `line ${index + 1}`
    else if ('entries' in content) addEntries(segment, content.entries, index > old, index + 1)
  }
  return segment
}

function addEntries(
  segment: ParsedSegment,
  entries: readonly Entry[],
  chained: boolean,
  number: number,
): void {
  for (const { record } of entries) {
    if (chained && record.previous !== segment.tip.hash)
      segment.damage ??= `something is missing before line ${number}`
    if (chained) segment.reigns = reignsWith(segment.reigns, record)
    if (chained || record.seq > segment.tip.seq) segment.tip = { seq: record.seq, hash: hashOf(record) }
  }
  segment.entries.push(...entries)
  if (chained) segment.batches.push({ entries, tip: segment.tip })
}

/** The first record of an epoch tells after which one it began. */
export function reignsWith(
  reigns: readonly Reign[],
  { epoch, seq, previous }: FileRecord | Withdrawal,
): readonly Reign[] {
  if (epoch === undefined || epoch <= (reigns.at(-1)?.epoch ?? -1)) return reigns
  return withReign(reigns, { epoch, after: { seq: seq - 1, hash: previous } })
}

type Content = { header: Header } | { entries: Entry[] }

/** Lines with the position of their end; no content where the line is not what was written. */
function splitLines(text: Buffer): { content: Content | undefined; end: number }[] {
  const lines = []
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from) + 1
    if (end === 0) {
      lines.push({ content: undefined, end: text.length })
      break
    }
    lines.push({ content: parseLine(text.toString('utf8', from, end)), end })
    from = end
  }
  return lines
}

function parseLine(text: string): Content | undefined {
  try {
    const { sum, header, entries } = JSON.parse(text) as { sum?: string; header?: Header; entries?: Entry[] }
    if (sum !== hash('sha256', JSON.stringify(header ?? entries))) return undefined
    return header === undefined ? { entries: entries ?? [] } : { header }
  } catch {
    return undefined
  }
}
