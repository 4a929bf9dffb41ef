import type { Entry } from '../files/view.ts'

/** What LIST, NLST, MLSD and MLST say of files. Dates are UTC. */

export type ListFormat = 'LIST' | 'NLST' | 'MLSD'

/** Facts of MLSD and MLST (RFC 3659, 7.5). */
export const allFacts = ['type', 'size', 'modify'] as const
export type Fact = (typeof allFacts)[number]

export interface ListTerms {
  format: ListFormat
  facts: readonly Fact[]
  /** Decides between the time of day and the year in LIST. */
  now: Date
}

/** A line for each entry. A name that would break the line is left out: it could not be asked for anyway. */
export function listing(entries: readonly Entry[], { format, facts, now }: ListTerms): string {
  let text = ''
  for (const entry of entries) {
    if (unspeakable.test(entry.name)) continue
    if (format === 'NLST') text += `${entry.name}\r\n`
    else if (format === 'MLSD') text += `${factLine(entry, facts)}\r\n`
    else text += `${unixLine(entry, now)}\r\n`
  }
  return text
}

/** `type=file;size=12;modify=20261122120000; name` (RFC 3659, 7.2). */
export function factLine(entry: Entry, facts: readonly Fact[]): string {
  return `${facts.map((fact) => `${fact}=${factOf[fact](entry)};`).join('')} ${entry.name}`
}

/** `20261122120000` (RFC 3659, 2.3). */
export const timeValue = (date: Date): string => date.toISOString().replaceAll(/[-T:]|\..*/g, '')

const unspeakable = /[\p{Cc}\p{Cs}]/u

const factOf: Record<Fact, (entry: Entry) => string> = {
  type: ({ kind }) => (kind === 'folder' ? 'dir' : 'file'),
  size: ({ size }) => String(size),
  modify: ({ changedAt }) => timeValue(changedAt),
}

/** As `ls -l` would: clients take such lines apart by their columns. Owners and modes are none of their business. */
function unixLine({ name, kind, size, changedAt }: Entry, now: Date): string {
  const mode = kind === 'folder' ? 'drwxr-xr-x' : '-rw-r--r--'
  return `${mode}   1 ftp      ftp      ${String(size).padStart(12)} ${unixDate(changedAt, now)} ${name}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const halfYearMs = 182 * 86_400_000

function unixDate(date: Date, now: Date): string {
  const day = `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`
  const age = now.getTime() - date.getTime()
  const isRecent = age < halfYearMs && age > -3_600_000
  return isRecent
    ? `${day} ${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}`
    : `${day}  ${date.getUTCFullYear()}`
}

const twoDigits = (number: number) => String(number).padStart(2, '0')
