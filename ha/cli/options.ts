import type { OptionValues } from '../../lib/base/command.ts'

/** Of an option that may be repeated. */
export function wordsIn(options: OptionValues, name: string): string[] {
  const given = options[name]
  return Array.isArray(given) ? given.filter((item) => typeof item === 'string') : []
}

/** `NAME=VALUE`; undefined: it is not of this form. */
export function assignmentIn(text: string): { name: string; value: string } | undefined {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  return name === undefined || value === undefined ? undefined : { name, value }
}
