import { canonicalAddress } from '../phones/address.ts'

/** What stands behind the verbs, read strictly. */

export interface HostPort {
  /** Canonical. */
  address: string
  port: number
}

/** `h1,h2,h3,h4,p1,p2` (RFC 959, 4.1.2); undefined: not that. */
export function parsePort(text: string): HostPort | undefined {
  if (!/^\d{1,3}(?:,\d{1,3}){5}$/.test(text)) return undefined
  const bytes = text.split(',').map(Number)
  if (bytes.some((byte) => byte > 255)) return undefined
  const [high = 0, low = 0] = bytes.slice(4)
  return { address: bytes.slice(0, 4).join('.'), port: high * 256 + low }
}

/** `|1|10.1.2.3|5000|` or `|2|2001:db8::1|5000|` (RFC 2428, 2), with any delimiter. */
export function parseExtendedPort(text: string): HostPort | 'otherProtocol' | undefined {
  const delimiter = text[0] ?? ''
  const [before, protocol, address = '', port = '', after, ...more] = text.split(delimiter)
  if (!/^[!-~]$/.test(delimiter) || before !== '' || after !== '' || more.length > 0) return undefined
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined
  if (protocol !== '1' && protocol !== '2') return /^\d+$/.test(protocol ?? '') ? 'otherProtocol' : undefined
  if (address.includes(':') !== (protocol === '2')) return undefined
  return { address: canonicalAddress(address), port: Number(port) }
}

/** A whole number of at most 15 digits, which a JavaScript number holds exactly. */
export const parseCount = (text: string): number | undefined =>
  /^\d{1,15}$/.test(text) ? Number(text) : undefined

/** What LIST is given beside options: `-la name` -> `name`. No client can be made to walk the whole tree (`-R`). */
export const withoutOptions = (text: string): string => text.replace(/^(?:-[A-Za-z1]*(?: +|$))+/, '')
