/**
 * Characters that could trick a reader: control bytes (C0, DEL, C1), marks that turn text around, line separators,
 * lone surrogates, and whatever leaves no trace on a screen.
 */
export const hostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Foreign text (file names, User-Agents) made safe for a log, a terminal or a page: hostile characters become
 * `\xNN`, `\uNNNN` or `\u{NNNNN}`, a backslash is doubled so that nothing can be forged, and text over `longest`
 * UTF-16 units is cut. Markup is escaped where markup is written (lib/base/html.ts).
 */
export function printable(text: string, longest = 256): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text
  return cut.replaceAll('\\', '\\\\').replace(hostile, escaped)
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${hex(code, 2)}`
  return code < 0x1_0000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0')
