/** One `Key=Value` of a Windows-style INI file. */
export interface IniEntry {
  section: string
  key: string
  /** What stands behind `=`, as it is: leading and trailing spaces count. */
  value: string
  line: number
}

/** A line that is neither an entry, a section, a comment nor blank, or an entry that does not count. */
export interface IniProblem {
  line: number
  /** As far as `=`: behind it may stand a password. */
  text: string
  why: string
}

export interface Ini {
  entries: readonly IniEntry[]
  problems: readonly IniProblem[]
}

/**
 * Reads an INI file: `[Section]`, `Key=Value`, comments behind `#` or `;` at the beginning of a line. Comments that a
 * program or a printer has wrapped leave lines that mean nothing; they are told of, not taken for an error. Of a key
 * given twice in a section the first counts, as Windows has it; names are the same in any case.
 */
export function parseIni(text: string): Ini {
  const entries: IniEntry[] = []
  const problems: IniProblem[] = []
  let section: string | undefined
  for (const [index, content] of text.split(/\r\n?|\n/).entries()) {
    const line = index + 1
    const header = /^\s*\[([^\]]{1,80})\]\s*$/.exec(content)?.[1]?.trim()
    if (header !== undefined) section = header
    else if (/^\s*(?:[#;]|$)/.test(content)) continue
    else {
      const entry = entryOf(content, section, line)
      const why = typeof entry === 'string' ? entry : whyNotAgain(entry, entries)
      if (why !== undefined) problems.push({ line, text: content.replace(/=.*/s, '=…'), why })
      else if (typeof entry !== 'string') entries.push(entry)
    }
  }
  return { entries, problems }
}

/** The value of a key, by any case of its names; the section matters, because names occur in several. */
export const valueOf = ({ entries }: Ini, section: string, key: string): string | undefined =>
  entries.find((entry) => sameName(entry.section, section) && sameName(entry.key, key))?.value

export const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** @returns the entry, or why there is none */
function entryOf(content: string, section: string | undefined, line: number): IniEntry | string {
  const [, key, value] = /^\s*([A-Za-z]\w{0,63})\s*=(.*)$/s.exec(content) ?? []
  if (key === undefined || value === undefined)
    return 'neither a setting nor a comment; perhaps the rest of a wrapped comment'
  if (section === undefined) return 'a setting before the first [section]'
  return { section, key, value, line }
}

function whyNotAgain({ section, key }: IniEntry, entries: readonly IniEntry[]): string | undefined {
  const first = entries.find((entry) => sameName(entry.section, section) && sameName(entry.key, key))
  return first && `[${section}] ${key} was already given in line ${first.line}, which counts`
}
