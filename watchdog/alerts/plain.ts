import { hostile } from '../../lib/base/printable.ts'

/** Text for a person's screen: lines stay lines, and every other character that could trick a reader becomes a space. */
export const plainText = (text: string, longest: number): string =>
  cut(
    text
      .replaceAll(/\r\n?/g, '\n')
      .split('\n')
      .map((line) => line.replace(hostile, ' ').trimEnd())
      .join('\n'),
    longest,
  )

/** The same as one line, which can end no header, no field and no syslog message early. */
export const plainLine = (text: string, longest: number): string =>
  cut(text.replaceAll(/\s+/g, ' ').replace(hostile, ' ').trim(), longest)

/** Cuts at a character, so that at most `mostBytes` of UTF-8 are left. */
export function cutBytes(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= mostBytes) return text
  let end = mostBytes
  // Bytes 10xxxxxx go on with a character (RFC 3629, 3).
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end).toString()
}

const cut = (text: string, longest: number) =>
  text.length > longest ? `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…` : text
