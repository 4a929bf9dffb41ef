import { Refusal } from '../files/refusal.ts'

/**
 * The file name in a request target (RFC 9112, 3.2): origin form or absolute form, of which the host is ignored; the
 * query and the fragment cut off; percent-encoding decoded exactly once; one leading slash, which stands for the
 * root, taken off. What the name may contain is for `parseFileName` to say.
 * @throws Refusal `badName` for what is no UTF-8 text
 */
export function askedName(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  if (path === '') return ''
  if (!path.startsWith('/')) throw new Refusal('badName', 'the path does not begin with a slash')
  return path.includes('%') ? percentDecoded(path.slice(1)) : path.slice(1)
}

function percentDecoded(path: string): string {
  if (/%(?![\da-f]{2})/i.test(path)) throw new Refusal('badName', 'a broken percent-encoding')
  const bytes = Uint8Array.from(path.match(/%..|[^%]/gs) ?? [], (piece) =>
    piece.length === 3 ? Number.parseInt(piece.slice(1), 16) : piece.charCodeAt(0),
  )
  try {
    // The byte order mark is kept, so that it is refused as the character it is.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refusal('badName', 'not UTF-8 text')
  }
}
