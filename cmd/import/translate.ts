import { accepted } from '../../lib/base/import/accepted.ts'
import type { FileReport, Item } from '../../lib/base/import/report.ts'
import { dropped, type Verdict } from '../../lib/base/import/verdict.ts'
import { sameName, valueOf, type Ini, type IniEntry } from './ini.ts'
import type { RuleRow, RuleTable } from './rules.ts'

export interface Translation extends Omit<FileReport, 'file'> {
  /** Ours, by dotted name. */
  settings: Readonly<Record<string, unknown>>
  /** How many settings of the file the table knows: none means it is another file. */
  known: number
}

/** Puts a file through its table. What our schema would not take is reported, not carried. */
export function translate(ini: Ini, table: RuleTable): Translation {
  const settings: Record<string, unknown> = {}
  const items: Item[] = []
  let known = 0
  for (const entry of ini.entries) {
    const row = rowOf(table, entry)
    if (row !== undefined) known += 1
    const verdict =
      row === undefined
        ? unknown(entry)
        : accepted(row.rule(entry.value, (section, key) => valueOf(ini, section, key)))
    Object.assign(settings, verdict.settings)
    const { section, key, line } = entry
    items.push({ section, key, line, value: isSecret(row, key) ? '[hidden]' : entry.value, ...verdict })
  }
  return { items, problems: ini.problems, settings, known }
}

function rowOf(table: RuleTable, { section, key }: IniEntry): RuleRow | undefined {
  const keys = Object.entries(table).find(([name]) => sameName(name, section))?.[1] ?? {}
  const found = Object.entries(keys).find(([name]) => sameName(name, key))?.[1]
  return typeof found === 'function' ? { rule: found } : found
}

/** Of keys we do not know, those that sound like a password are taken for one. */
const isSecret = (row: RuleRow | undefined, key: string) =>
  row === undefined ? /pass|pwd|secret|community/i.test(key) : row.secret === true

/** The 2007 program had a limit of clients and a session time, by names that are not known to us. */
function unknown({ key }: IniEntry): Verdict {
  const session = /client|session/i.test(key)
  return dropped(
    session
      ? 'not a key we know; for a limit of clients or a session time set access.maxClients and access.sessionSeconds'
      : 'not a key we know',
  )
}
