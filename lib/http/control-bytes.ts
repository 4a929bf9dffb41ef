/**
 * Avaya 12x0 phones send a raw control byte in their User-Agent (`AVAYA/SIP12x0<0x17>/04.00.04.00`),
 * which Node's strict parser refuses. Its lenient mode takes it, and with it bare LF and folded lines, which nothing
 * shows any more afterwards; so the strict parser stays, and the packet it refused is looked at once more, here.
 */
export interface OddRequest {
  method: 'GET' | 'HEAD'
  target: string
  httpVersion: '1.0' | '1.1'
  /** By lower-case name. */
  headers: Record<string, string>
}

/**
 * Reads a packet (one byte a character) that must be exactly one GET or HEAD without a body, strictly written but for
 * control bytes in its User-Agent. Undefined: it is something else, and stays refused. A header spread over several
 * packets stays refused too; these phones send theirs in one.
 */
export function parseOddRequest(packet: string): OddRequest | undefined {
  if (packet.length > longest) return undefined
  const [, method, target, httpVersion, lines] = wholeRequest.exec(packet) ?? []
  if ((method !== 'GET' && method !== 'HEAD') || (httpVersion !== '1.0' && httpVersion !== '1.1'))
    return undefined
  const headers: Record<string, string> = Object.create(null)
  for (const line of (lines ?? '').split('\r\n').slice(0, -1)) {
    const [, name, value] = headerLine.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    const key = name.toLowerCase()
    if (aboutBodies.has(key) || key in headers) return undefined
    if (key !== 'user-agent' && control.test(value)) return undefined
    headers[key] = value.trim()
  }
  return target === undefined ? undefined : { method, target, httpVersion, headers }
}

/** What Node allows other requests. */
const longest = 16_384

const wholeRequest = /^(GET|HEAD) ([!-~]+) HTTP\/(1\.[01])\r\n((?:[^\r\n\0]+\r\n)*)\r\n$/
const headerLine = /^([!#$%&'*+.^_`|~\w-]+):(.*)$/s
const aboutBodies = new Set(['content-length', 'transfer-encoding', 'expect', 'upgrade'])
// Tab may stand in a value (RFC 9110, 5.5).
const control = /[^\t\x20-\x7e\x80-\xff]/
