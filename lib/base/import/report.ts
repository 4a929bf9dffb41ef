import { hostile, printable } from '../printable.ts'
import type { Verdict } from './verdict.ts'

/** One setting of an old file and what became of it. */
export interface Item extends Verdict {
  /** Absent: the file has no sections. */
  section?: string
  key: string
  /** `[hidden]` for passwords. */
  value: string
  line: number
}

/** A line that means nothing to us, or does not count. */
export interface Problem {
  line: number
  /** As far as it can be no secret. */
  text: string
  why: string
}

/** What became of one file. */
export interface FileReport {
  file: string
  items: readonly Item[]
  problems: readonly Problem[]
}

/** For people: what was carried, what changed, what was not carried and why, what was dangerous, what was not understood. */
export function reportText(reports: readonly FileReport[]): string {
  return reports.map(fileText).join('\n')
}

/** The same for programs. */
export const reportJson = (reports: readonly FileReport[]) => ({
  files: reports.map(({ file, items, problems }) => ({
    file,
    carried: items.filter(({ outcome }) => outcome === 'carried'),
    changed: items.filter(({ outcome }) => outcome === 'changed'),
    notCarried: items.filter(({ outcome }) => outcome === 'dropped'),
    dangerous: items.filter(({ danger }) => danger !== undefined),
    notUnderstood: problems,
  })),
})

function fileText({ file, items, problems }: FileReport): string {
  const withOutcome = (outcome: Item['outcome']) => items.filter((item) => item.outcome === outcome)
  return [
    `${printable(file)}\n`,
    part('carried', withOutcome('carried').map(becomes)),
    part('changed in meaning', withOutcome('changed').map(becomes)),
    part('not carried', withOutcome('dropped').map(becomes)),
    part(
      'dangerous on the old server',
      items.flatMap((item) =>
        item.danger === undefined ? [] : [`${where(item)}: ${printable(item.danger, 500)}`],
      ),
    ),
    part(
      'not understood',
      problems.map(({ line, text, why }) => `line ${line}: ${printable(text, 80)}: ${why}`),
    ),
  ].join('')
}

const part = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? '' : `\n${title} (${lines.length})\n${lines.map((line) => `  ${line}\n`).join('')}`

const where = ({ section, key, value }: Item) =>
  section === undefined
    ? `${printable(key, 80)} ${printable(value, 80)}`.trimEnd()
    : `[${printable(section)}] ${key}=${printable(value, 80)}`

function becomes(item: Item): string {
  const ours = Object.entries(item.settings).map(([name, value]) => `${name} = ${shown(value)}`)
  const target = ours.length === 0 ? '' : ` -> ${ours.join(', ')}`
  const note = item.note === undefined ? '' : `${target === '' ? ': ' : '; '}${printable(item.note, 500)}`
  return `${where(item)}${target}${note}`
}

/** As JSON, whose way of writing strange characters serves for all of them. */
const shown = (value: unknown) =>
  JSON.stringify(value).replace(hostile, (char) => char.split('').map(unit).join(''))

const unit = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
