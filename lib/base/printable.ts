// Control bytes (C0, DEL, C1), what turns text around (bidi marks), line separators, the BOM and lone surrogates.
const hostile = /[\p{Cc}\p{Cs}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/gu

/**
 * Foreign text (file names, User-Agents) made safe for a log, a terminal or a page: hostile characters become
 * `\xNN` or `\uNNNN`, a backslash is doubled so that nothing can be forged, and overlong text is cut.
 * Markup is escaped where markup is written (lib/status/page.ts).
 */
export function printable(text: string, longest = 256): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text
  return cut.replaceAll('\\', '\\\\').replace(hostile, (char) => {
    const code = char.charCodeAt(0)
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
  })
}

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0')
