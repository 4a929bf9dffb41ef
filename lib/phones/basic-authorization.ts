import { addressNumber, canonicalAddress } from './address.ts'

/** What a phone says of itself in `Authorization`: where it is registered, and with which password. */
export interface Claim {
  /** Address of the call server, in its canonical spelling; or a name, in lower case. */
  callServer: string
  password: string
}

const longestHeader = 1_024

/**
 * Reads `Basic` with `<call server>:<password>` in it (RFC 7617). A call server with an IPv6 address has colons of
 * its own; it may stand in brackets. Undefined: it is nothing of the kind.
 */
export function parseBasicAuthorization(header: string): Claim | undefined {
  if (header.length > longestHeader) return undefined
  const [, encoded] = /^basic +([a-z\d+/]+={0,2}) *$/i.exec(header) ?? []
  const text = encoded === undefined ? undefined : decoded(encoded)
  if (text === undefined || control.test(text)) return undefined
  const at = colonIn(text)
  const callServer = text.slice(0, Math.max(0, at)).replace(/^\[(.*)\]$/, '$1')
  const password = text.slice(at + 1)
  if (callServer === '' || password === '') return undefined
  return { callServer: canonicalAddress(callServer.toLowerCase()), password }
}

// oxlint-disable-next-line no-control-regex -- a program's environment takes no NUL, and nobody types the others
const control = /[\0-\x1f\x7f]/

function decoded(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))
  } catch {
    return undefined
  }
}

/** The first one, unless what stands before the last is an IPv6 address. */
function colonIn(text: string): number {
  const last = text.lastIndexOf(':')
  const isIPv6 = text.startsWith('[') || addressNumber(text.slice(0, last)) !== undefined
  return isIPv6 ? last : text.indexOf(':')
}
