/**
 * Bytes of a control connection to command lines. Lines end with CRLF or LF, in UTF-8 (RFC 2640); telnet's own bytes
 * are taken out (RFC 854, RFC 1123, 4.1.2.10). Whatever comes in, only one line and the piece that was fed last are held.
 */

export type Line =
  | { type: 'command'; text: string }
  /** Understood as a line, but not as a command. */
  | { type: 'unreadable'; why: 'tooLong' | 'notUtf8' }
  /** No line end in sight, or the first bytes of TLS: whoever that is does not speak FTP. */
  | { type: 'foreign' }

/** Bytes of the longest command line, without its end. */
export const longestLine = 1_024
/** So many bytes without a line end are no command. */
const longestJunk = 65_536

const LF = 0x0a
const CR = 0x0d
const tlsHandshake = 0x16
const IAC = 0xff
const SB = 0xfa
const SE = 0xf0
const DM = 0xf2
/** WILL, WONT, DO and DONT are followed by an option. */
const firstWithOption = 0xfb

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const nothing = new Uint8Array(0)

/** Where in telnet's own language we are. */
type Telnet = 'text' | 'afterIac' | 'option' | 'subnegotiation' | 'subnegotiationIac'

export class CommandReader {
  readonly #line = new Uint8Array(longestLine + 1)
  #length = 0
  /** Bytes of this line that found no room. */
  #surplus = 0
  #telnet: Telnet = 'text'
  #fed: Uint8Array = nothing
  #at = 0

  /** Takes the next bytes; what was fed before must have been read. */
  feed(bytes: Uint8Array): void {
    this.#fed = bytes
    this.#at = 0
  }

  /** The next line; undefined: feed me. */
  next(): Line | undefined {
    while (this.#at < this.#fed.length) {
      const byte = this.#fed[this.#at++] ?? 0
      if (this.#telnet !== 'text' || byte === IAC) this.#control(byte)
      else if (byte === LF) {
        const line = this.#finish()
        if (line !== undefined) return line
      } else {
        if (this.#length === 0 && byte === tlsHandshake) return { type: 'foreign' }
        this.#add(byte)
      }
      if (this.#surplus > longestJunk) return { type: 'foreign' }
    }
    this.#fed = nothing
    this.#at = 0
    return this.#isUrgentAbort() ? this.#finish() : undefined
  }

  /** Nothing that came so far counts any more. */
  discard(): void {
    this.feed(nothing)
    this.#length = this.#surplus = 0
    this.#telnet = 'text'
  }

  #add(byte: number): void {
    // The IAC of IAC DM goes as urgent data, which does not reach us: no command begins with what is left of it.
    if (this.#length === 0 && byte === DM) return
    if (this.#length > longestLine) this.#surplus += 1
    else this.#line[this.#length++] = byte
  }

  #control(byte: number): void {
    const was = this.#telnet
    this.#surplus += was === 'subnegotiation' ? 1 : 0
    if (was === 'text') this.#telnet = 'afterIac'
    else if (was === 'option') this.#telnet = 'text'
    else if (was === 'subnegotiation') this.#telnet = byte === IAC ? 'subnegotiationIac' : 'subnegotiation'
    else if (was === 'subnegotiationIac') this.#telnet = byte === SE ? 'text' : 'subnegotiation'
    else if (byte === IAC) {
      this.#telnet = 'text'
      this.#add(IAC)
    } else if (byte === SB) this.#telnet = 'subnegotiation'
    else this.#telnet = byte >= firstWithOption ? 'option' : 'text'
  }

  /** An empty line is nothing. */
  #finish(): Line | undefined {
    const tooLong = this.#length > longestLine
    const end = this.#line[this.#length - 1] === CR ? this.#length - 1 : this.#length
    this.#length = this.#surplus = 0
    if (tooLong) return { type: 'unreadable', why: 'tooLong' }
    return end === 0 ? undefined : decoded(this.#line.subarray(0, end))
  }

  /** Some clients send `ABOR` as urgent data, whose last byte, the LF, does not reach us (Python's ftplib). */
  #isUrgentAbort(): boolean {
    if (this.#length !== 5 || this.#line[4] !== CR) return false
    return decodedText(this.#line.subarray(0, 4))?.toUpperCase() === 'ABOR'
  }
}

function decoded(bytes: Uint8Array): Line {
  const text = decodedText(bytes)
  return text === undefined ? { type: 'unreadable', why: 'notUtf8' } : { type: 'command', text }
}

function decodedText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}
