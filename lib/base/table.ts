import type { Io, OptionValues } from './command.ts'

/** Columns as wide as their widest cell, two spaces apart; `right` names the columns of numbers. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        right.includes(head[column] ?? '')
          ? cell.padStart(widths[column] ?? 0)
          : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [head, ...rows].map((row) => `${line(row)}\n`).join('')
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

/** What a command has found out: with --json for a program, otherwise for a person. */
export const show = (io: Io, { json }: OptionValues, found: unknown, text: string): void =>
  io.stdout(json === true ? asJson(found) : text)
