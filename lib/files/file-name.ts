import { Refusal } from './refusal.ts'

/**
 * A name a phone may ask for: relative, with `/` between folders, in Unicode's composed form, safe below any root.
 * Only `parseFileName` makes one, and no path reaches the disk without one.
 */
export type FileName = string & { readonly madeBy: 'parseFileName' }

const longestBytes = 255
const deepest = 8

/**
 * Characters no phone file needs: they mean something to a shell, to Windows or to a decoder (`%`), or they cannot be
 * seen and turn other text around.
 */
const notInNames = /[\p{Cc}\p{Cs}\\:%*?"<>|\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/u
const windowsDevice = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$|clock\$) *(?:\.|$)/i
const windowsShortName = /~\d/

/**
 * Checks a name as a phone asked for it, once the door has decoded its own wire form and taken off the one leading
 * slash that stands for the root. What is left must be a plain relative path; anything else is refused, in the
 * same words for every protocol.
 * @throws Refusal `badName`; `notFound` for a folder, since there are no listings
 */
export function parseFileName(asked: string): FileName {
  // Composing takes time with the square of the length, and makes nothing shorter than a quarter.
  if (asked.length > 4 * longestBytes) throw new Refusal('badName', `longer than ${longestBytes} bytes`)
  const name = asked.normalize('NFC')
  const why = name === '' ? undefined : whyNot(name.replace(/\/$/, ''))
  if (why !== undefined) throw new Refusal('badName', why)
  if (name === '' || name.endsWith('/')) throw new Refusal('notFound', 'a folder, and there are no listings')
  return name as FileName
}

function whyNot(name: string): string | undefined {
  if (name.length > longestBytes || utf8Length(name) > longestBytes)
    return `longer than ${longestBytes} bytes`
  if (notInNames.test(name)) return 'a character that is not allowed'
  if (name.startsWith('/')) return 'an absolute name'
  const parts = name.split('/')
  if (parts.length > deepest) return `more than ${deepest} folders deep`
  for (const part of parts) {
    if (part === '') return 'an empty folder name'
    if (part.startsWith('.')) return 'a name that begins with a dot'
    if (/[. ]$|^ /.test(part)) return 'a space or dot at the edge of a name'
    if (windowsDevice.test(part) || windowsShortName.test(part)) return 'a name reserved by Windows'
  }
  return undefined
}

/** Bytes of `text` in UTF-8 (RFC 3629); a pure stand-in for Buffer.byteLength. */
function utf8Length(text: string): number {
  let bytes = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
