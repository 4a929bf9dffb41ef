import { printable } from '../../lib/base/printable.ts'
import type { Item, Translation } from './translate.ts'

/** What became of one file. */
export interface FileReport extends Translation {
  file: string
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
      items.flatMap((item) => (item.danger === undefined ? [] : [`${where(item)}: ${item.danger}`])),
    ),
    part(
      'not understood',
      problems.map(({ line, text, why }) => `line ${line}: ${printable(text, 80)}: ${why}`),
    ),
  ].join('')
}

const part = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? '' : `\n${title} (${lines.length})\n${lines.map((line) => `  ${line}\n`).join('')}`

const where = ({ section, key, value }: Item) => `[${printable(section)}] ${key}=${printable(value, 80)}`

function becomes(item: Item): string {
  const ours = Object.entries(item.settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  const target = ours.length === 0 ? '' : ` -> ${ours.join(', ')}`
  return `${where(item)}${target}${item.note === undefined ? '' : `${target === '' ? ': ' : '; '}${item.note}`}`
}
