import { addressNumber, parseAddressRange, type AddressNumber, type AddressRange } from './address.ts'

/** An entry of a list, as it is written, with its line number from 1. */
export interface ListLine {
  line: number
  text: string
}

/** Who may download, from one `..._allow_IP.txt`. A list without entries lets nobody in. */
export interface AddressList {
  /** The first line that holds the address (canonical spelling); undefined: no line does. */
  lineFor(address: string): ListLine | undefined
}

const longest = 1_048_576
const mostEntries = 100_000
const mostComplaints = 10

/**
 * Reads a list: one entry a line in the forms of `parseAddressRange`; `#` and `;` begin a comment, on a line of its
 * own or after an entry; blank lines, CRLF and a byte order mark do no harm. At most 1 MiB and 100,000 entries.
 * Entries may overlap and repeat. One unclear line makes the whole list unusable, because what it meant to allow or
 * to leave out cannot be known.
 * @throws Error that names every unclear line, up to ten
 */
export function parseAddressList(text: string): AddressList {
  if (text.length > longest) throw new Error('the list is longer than 1 MiB')
  const entries: Entry[] = []
  const complaints: string[] = []
  for (const written of entryLines(text)) {
    try {
      entries.push({ ...parseAddressRange(written.text), written })
    } catch (error) {
      complaints.push(`line ${written.line}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (complaints.length > 0) throw new Error(summary(complaints))
  if (entries.length > mostEntries) throw new Error(`the list has more than ${mostEntries} entries`)
  const ipv4 = new Segments(entries.filter(({ first }) => typeof first === 'number'))
  const ipv6 = new Segments(entries.filter(({ first }) => typeof first === 'bigint'))
  return {
    lineFor(address) {
      const number = addressNumber(address)
      if (number === undefined) return undefined
      return (typeof number === 'number' ? ipv4 : ipv6).find(number)
    },
  }
}

type Entry = AddressRange & { written: ListLine }

function* entryLines(text: string): Iterable<ListLine> {
  const lines = text.split(/\r\n?|\n/)
  for (const [index, line] of lines.entries()) {
    const entry = (line.split(/[#;]/, 1)[0] ?? '').trim() // a byte order mark counts as a space
    if (entry !== '') yield { line: index + 1, text: entry }
  }
}

function summary(complaints: readonly string[]): string {
  const shown = complaints.slice(0, mostComplaints)
  const more = complaints.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/**
 * Ranges of one family, cut at every place where one begins or ends, so that each piece belongs to one line, the
 * first that holds it. Finding is a binary search.
 */
class Segments {
  readonly #starts: readonly AddressNumber[]
  readonly #owners: readonly (ListLine | undefined)[]

  constructor(entries: readonly Entry[]) {
    this.#starts = boundaries(entries)
    const owners = Array.from<ListLine | undefined>({ length: this.#starts.length })
    // For each piece, where to look for the next one without an owner: each piece is visited once, not per entry.
    const next = Int32Array.from(owners.keys())
    for (const { first, last, written } of entries) {
      for (
        let at = unowned(next, this.#indexOf(first));
        at < owners.length && this.#startOf(at) <= last;
        at = unowned(next, at)
      ) {
        owners[at] = written
        next[at] = at + 1
      }
    }
    this.#owners = owners
  }

  find(number: AddressNumber): ListLine | undefined {
    return this.#owners[this.#indexOf(number)]
  }

  /** The last piece that begins at or before `number`; -1 when all begin later. */
  #indexOf(number: AddressNumber): number {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#startOf(middle) <= number) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #startOf(index: number): AddressNumber {
    return this.#starts[index] ?? 0
  }
}

function boundaries(entries: readonly Entry[]): AddressNumber[] {
  const ends = entries.flatMap(({ first, last }) => [first, typeof last === 'number' ? last + 1 : last + 1n])
  return [...new Set(ends)].toSorted((a, b) => (a < b ? -1 : 1))
}

/** The first piece from `at` on that has no owner yet, shortening the way for later calls. */
function unowned(next: Int32Array, at: number): number {
  let found = at
  while (found < next.length && next[found] !== found) found = next[found] ?? next.length
  for (let step = at; step < found;) {
    const following = next[step] ?? found
    next[step] = found
    step = following
  }
  return found
}
