/** TFTP on the wire (RFC 1350, 2347): bytes to our words and back. */

export const opcode = { read: 1, write: 2, data: 3, ack: 4, error: 5, optionAck: 6 } as const

/** Error codes (RFC 1350, appendix; 8 is RFC 2347) that are no refusal's: those are in lib/files/refusal.ts. */
export const errorCode = {
  other: 0,
  notAllowed: 2,
  illegal: 4,
  unknownTransfer: 5,
  optionsRefused: 8,
} as const

/** An option as it stands in a packet. */
export interface Option {
  name: string
  value: string
}

export interface Request {
  operation: 'read' | 'write'
  /** The file's name; `undefined` when its bytes are not UTF-8. */
  name: string | undefined
  /** The name for people: what is not UTF-8 is replaced. */
  shownName: string
  mode: 'octet' | 'netascii'
  options: readonly Option[]
}

/** A request that cannot be understood, and why: a short sentence that the phone gets to read. */
export interface Malformed {
  malformed: string
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const utf8 = new TextEncoder()

/** RFC 2347 allows 512 bytes for the whole request; nothing sane comes near it after the name. */
const longestOptions = 512

/** The first two bytes as a number; 0, which no packet has, for what is too short. */
export const opcodeOf = (packet: Uint8Array): number =>
  packet.length < 2 ? 0 : ((packet[0] ?? 0) << 8) | (packet[1] ?? 0)

/** The block number of a DATA or ACK packet; `undefined` when it was cut off. */
export const blockOf = (packet: Uint8Array): number | undefined =>
  packet.length < 4 ? undefined : ((packet[2] ?? 0) << 8) | (packet[3] ?? 0)

/** Reads an RRQ or WRQ. Some boot ROMs fill it up with zeros: an empty option name ends the list. */
export function parseRequest(packet: Uint8Array): Request | Malformed {
  const nameEnd = packet.indexOf(0, 2)
  if (nameEnd < 0) return { malformed: 'the file name has no end' }
  const modeEnd = packet.indexOf(0, nameEnd + 1)
  if (modeEnd < 0) return { malformed: 'the mode is missing' }
  const mode = lenientUtf8.decode(packet.subarray(nameEnd + 1, modeEnd)).toLowerCase()
  if (mode !== 'octet' && mode !== 'netascii') {
    return { malformed: mode === 'mail' ? 'mail mode is not supported' : 'the mode is unknown' }
  }
  const options = parseOptions(packet.subarray(modeEnd + 1))
  if ('malformed' in options) return options
  const operation = opcodeOf(packet) === opcode.write ? 'write' : 'read'
  const nameBytes = packet.subarray(2, nameEnd)
  return { operation, name: strictText(nameBytes), shownName: lenientUtf8.decode(nameBytes), mode, options }
}

function parseOptions(bytes: Uint8Array): Option[] | Malformed {
  const options: Option[] = []
  const seen = new Set<string>()
  for (let at = 0; at < bytes.length && bytes[at] !== 0;) {
    const nameEnd = bytes.indexOf(0, at)
    const valueEnd = nameEnd < 0 ? -1 : bytes.indexOf(0, nameEnd + 1)
    if (valueEnd < 0) return { malformed: 'an option has no end' }
    if (valueEnd > longestOptions) return { malformed: 'too many options' }
    const name = lenientUtf8.decode(bytes.subarray(at, nameEnd))
    if (seen.has(name.toLowerCase())) return { malformed: 'an option stands there twice' }
    seen.add(name.toLowerCase())
    options.push({ name, value: lenientUtf8.decode(bytes.subarray(nameEnd + 1, valueEnd)) })
    at = valueEnd + 1
  }
  return options
}

function strictText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Code and text of an ERROR packet; `undefined` when it was cut off. */
export function parseError(packet: Uint8Array): { code: number; text: string } | undefined {
  const code = blockOf(packet) // the same two bytes
  if (code === undefined) return undefined
  const end = packet.indexOf(0, 4)
  return { code, text: lenientUtf8.decode(packet.subarray(4, end < 0 ? packet.length : end)) }
}

export function buildError(code: number, text: string): Uint8Array {
  return utf8.encode(`\0\x05\0${String.fromCharCode(code)}${text}\0`)
}

export function buildOptionAck(options: readonly Option[]): Uint8Array {
  return utf8.encode(`\0\x06${options.map(({ name, value }) => `${name}\0${value}\0`).join('')}`)
}

/** Writes the four bytes before a block's data; block numbers begin again at 0 after 65,535. */
export function writeDataHeader(header: Uint8Array, block: number): void {
  header[0] = 0
  header[1] = opcode.data
  header[2] = (block >> 8) & 0xff
  header[3] = block & 0xff
}
