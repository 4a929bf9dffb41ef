import ipaddr from 'ipaddr.js'
import { printable } from '../base/printable.ts'

/**
 * Addresses of phones: one spelling and one number for each. The only file that imports ipaddr.js, whose surprises
 * are kept out (test/lib/phones/address.test.ts shows each): it takes octal, hexadecimal and shortened IPv4
 * (`010.1`), so IPv4 is read here; it reads `::1.2.3.4` as if it were `::ffff:1.2.3.4`, so it is given no dots; it
 * knows no zone ids such as `%eth0.5`, so they are cut before.
 */

/** An address as a whole number: `number` for IPv4, `bigint` for IPv6. */
export type AddressNumber = number | bigint

/** From `first` to `last`, both included, of one family. An IPv6 range never holds an IPv4 address. */
export type AddressRange = { first: number; last: number } | { first: bigint; last: bigint }

/**
 * What a socket reports, in the one spelling that lists, logs and pages use: IPv4 also where it came mapped into
 * IPv6, IPv6 in lower case, compressed (RFC 5952) and without a zone id. What is no address comes back as it is.
 */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text // IPv4, nearly always: nothing to do
  const parsed = parseIPv6(text.split('%', 1)[0] ?? '')
  if (parsed === undefined) return text
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String()
}

/**
 * The number of an address, `undefined` for what is none or is unclear. IPv4-mapped IPv6 is the IPv4 address; a zone
 * id, a leading zero and an octet beyond 255 make it unclear.
 */
export function addressNumber(text: string): AddressNumber | undefined {
  if (!text.includes(':')) return ipv4Number(text)
  const parsed = parseIPv6(text)
  const groups = parsed?.isIPv4MappedAddress() === true ? parsed.parts.slice(6) : parsed?.parts
  if (groups?.length === 2) return groups.reduce((number, group) => number * 65_536 + group, 0)
  return groups?.reduce((number, group) => (number << 16n) | BigInt(group), 0n)
}

/**
 * Reads `192.168.0.1`, `192.168.0` or `192.168.0.` (whole octets: 192.168.0.0 to 192.168.0.255), `first-last` without
 * spaces, `10.0.0.0/8`, and all but the prefix for IPv6 too. A block may be written with any address in it:
 * `10.1.2.3/8` is `10.0.0.0/8`.
 * @throws Error with a sentence that says what is wrong
 */
export function parseAddressRange(text: string): AddressRange {
  const problem = (what: string) => new Error(`"${printable(text, 80)}" ${what}`)
  if (/\s/.test(text)) throw problem('has a space in it; write first-last without spaces, one entry a line')
  if (text.includes('%')) throw problem('has a zone id; write the address without it')
  if (text.includes('-')) return parseFirstLast(text, problem)
  if (text.includes('/')) return parseBlock(text, problem)
  const prefix = parsePrefix(text)
  if (prefix !== undefined) return prefix
  const number = addressNumber(text)
  if (number === undefined) throw problem(`is unclear: ${whyNoAddress(text)}`)
  return typeof number === 'number' ? { first: number, last: number } : { first: number, last: number }
}

/** Whether an address, in its canonical spelling, is in the range. */
export function rangeHolds(range: AddressRange, address: string): boolean {
  const number = addressNumber(address)
  return (
    typeof number === typeof range.first &&
    number !== undefined &&
    number >= range.first &&
    number <= range.last
  )
}

type Problem = (what: string) => Error

function parseFirstLast(text: string, problem: Problem): AddressRange {
  const ends = text.split('-')
  const [first, last] = ends.map(addressNumber)
  const unclear = ends.find((end) => addressNumber(end) === undefined)
  if (ends.length !== 2 || unclear !== undefined)
    throw problem(`is not first-last: ${whyNoAddress(unclear ?? '')}`)
  if (typeof first === 'number' && typeof last === 'number') {
    if (first <= last) return { first, last }
  } else if (typeof first === 'bigint' && typeof last === 'bigint') {
    if (first <= last) return { first, last }
  } else throw problem('mixes IPv4 and IPv6')
  throw problem('ends before it begins; write the lower address first')
}

function parseBlock(text: string, problem: Problem): AddressRange {
  const [address = '', bits = '', ...more] = text.split('/')
  const number = addressNumber(address)
  if (number === undefined) throw problem(`is not address/bits: ${whyNoAddress(address)}`)
  if (more.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(bits)) {
    throw problem('is not address/bits: after the slash stands a whole number, such as 10.0.0.0/8')
  }
  const mapped = typeof number === 'number' && address.includes(':')
  const given = Number(bits) - (mapped ? 96 : 0)
  const width = typeof number === 'number' ? 32 : 128
  if (given < 0) throw problem('holds more than the IPv4-mapped addresses; write it as an IPv4 block')
  if (given > width) throw problem(`has more than ${mapped ? 128 : width} bits`)
  if (typeof number === 'bigint') {
    const size = 1n << BigInt(128 - given)
    const first = number - (number % size)
    return { first, last: first + size - 1n }
  }
  const size = 2 ** (32 - given)
  const first = number - (number % size)
  return { first, last: first + size - 1 }
}

/** One to three whole octets, with or without a dot at the end. */
function parsePrefix(text: string): AddressRange | undefined {
  const octets = text.replace(/\.$/, '').split('.')
  if (octets.length > 3) return undefined
  const first = ipv4Number([...octets, '0', '0', '0'].slice(0, 4).join('.'))
  if (first === undefined) return undefined
  return { first, last: first + 2 ** (32 - 8 * octets.length) - 1 }
}

function whyNoAddress(text: string): string {
  if (text === '') return 'an address is missing'
  const octets = text.split('.')
  if (!text.includes(':') && octets.some((octet) => /^0\d+$/.test(octet))) {
    return 'an octet begins with 0, which some read as octal; write it without'
  }
  if (octets.some((octet) => /^\d+$/.test(octet) && Number(octet) > 255))
    return 'an octet is greater than 255'
  if (/^\d+(?:\.\d+){0,2}\.?$/.test(text)) return 'all four octets are needed here'
  return 'not an IPv4 or IPv6 address'
}

/** Four decimal octets without leading zeros; character by character, because it runs for each request. */
function ipv4Number(text: string): number | undefined {
  let number = 0
  let octet = -1 // no digit yet
  let dots = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 0x2e && octet >= 0) {
      number = number * 256 + octet
      octet = -1
      dots += 1
    } else if (code >= 0x30 && code <= 0x39 && octet !== 0) {
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30
      if (octet > 255) return undefined
    } else return undefined
  }
  return dots === 3 && octet >= 0 ? number * 256 + octet : undefined
}

function parseIPv6(text: string): ipaddr.IPv6 | undefined {
  const hex = withoutDots(text)
  if (hex === undefined || !/^[\da-f:]{2,39}$/i.test(hex)) return undefined
  try {
    return ipaddr.IPv6.parse(hex)
  } catch {
    return undefined // asking isValid before would parse twice
  }
}

/** An IPv4 tail becomes two groups: `64:ff9b::1.2.3.4` -> `64:ff9b::102:304`. */
function withoutDots(text: string): string | undefined {
  if (!text.includes('.')) return text
  const tailAt = text.lastIndexOf(':') + 1
  const tail = ipv4Number(text.slice(tailAt))
  if (tail === undefined) return undefined
  return `${text.slice(0, tailAt)}${Math.floor(tail / 65_536).toString(16)}:${(tail % 65_536).toString(16)}`
}
