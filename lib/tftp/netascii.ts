/**
 * A file as netascii has it (RFC 1350, RFC 764): a line ends with CR LF, a CR that ends none is followed by NUL.
 * Files are kept with LF as Unix has it, so LF becomes CR LF and CR becomes CR NUL.
 */
export function toNetascii(content: Uint8Array): Uint8Array {
  let extra = 0
  for (const byte of content) if (byte === lineFeed || byte === carriageReturn) extra += 1
  if (extra === 0) return content
  const translated = new Uint8Array(content.length + extra)
  let at = 0
  for (const byte of content) {
    if (byte === lineFeed) translated[at++] = carriageReturn
    translated[at++] = byte
    if (byte === carriageReturn) at += 1 // the NUL that is there already
  }
  return translated
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
