import { configSchema } from '../../lib/base/config.ts'
import { sameName, valueOf, type Ini, type IniEntry, type IniProblem } from './ini.ts'
import { dropped, type RuleRow, type RuleTable, type Verdict } from './rules.ts'

/** One setting of the old file and what became of it. */
export interface Item extends Verdict {
  section: string
  key: string
  /** `[hidden]` for passwords. */
  value: string
  line: number
}

export interface Translation {
  items: readonly Item[]
  problems: readonly IniProblem[]
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

function accepted(verdict: Verdict): Verdict {
  for (const [name, value] of Object.entries(verdict.settings)) {
    const [table = '', key = ''] = name.split('.')
    const parsed = configSchema.safeParse({ [table]: { [key]: value } })
    if (!parsed.success)
      return dropped(`${name} does not take it: ${parsed.error.issues[0]?.message ?? 'not allowed'}`)
  }
  return verdict
}
