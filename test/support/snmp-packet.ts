/**
 * SNMP packets of v1 and v2c, bent for tests (RFC 1157, 4.1; RFC 3416, 3): `30 message { 02 version, 04 community,
 * A0-A8 pdu { 02 request-id, 02 error-status, 02 error-index, 30 varbinds { 30 varbind { 06 oid, value } ... } } }`.
 */

/** The same answer to another question. */
export function withAnotherId(answer: Buffer): Buffer {
  const changed = Buffer.from(answer)
  const last = partsOf(changed).id.to - 1
  changed[last] = (changed[last] ?? 0) ^ 1
  return changed
}

/** The same packet with another kind of PDU: 0xa8 is a report. */
export function withPduType(packet: Buffer, type: number): Buffer {
  const changed = Buffer.from(packet)
  changed[partsOf(changed).pdu] = type
  return changed
}

/** The same packet with another community of the same length. */
export function withCommunity(packet: Buffer, community: string): Buffer {
  const changed = Buffer.from(packet)
  changed.write(community, partsOf(changed).community.from)
  return changed
}

/** An answer that says what is wrong with its question, and repeats it. */
export function errorAnswer(question: Buffer, status: number, index: number): Buffer {
  const answer = withPduType(question, 0xa2)
  const { errorStatus, errorIndex } = partsOf(answer)
  answer[errorStatus.from] = status
  answer[errorIndex.from] = index
  return answer
}

const noSuchName = 2

/**
 * An agent of net-snmp answers v1 with the `noSuchObject` of v2. That does not exist in v1: a phone says noSuchName for
 * the whole question (RFC 1157, 4.1.2).
 */
export function asPhonesAnswer(question: Buffer, answer: Buffer): Buffer {
  const { version, varbinds } = partsOf(answer)
  if (answer[version.from] !== 0) return answer
  const missing = within(answer, varbinds).findIndex((varbind) => {
    const [, value] = within(answer, varbind)
    return value !== undefined && [0x80, 0x81].includes(answer[value.at] ?? 0)
  })
  return missing < 0 ? answer : errorAnswer(question, noSuchName, missing + 1)
}

/** Its messages are built otherwise. */
export function isV3(packet: Buffer): boolean {
  const [version] = within(packet, elementAt(packet, 0))
  return version !== undefined && packet[version.from] === 3
}

/**
 * An answer of v3 to whatever the question was, without authentication or encryption, from an engine that the question
 * names: what somebody sends who knows no key (RFC 3412, 6; RFC 3414, 2.4).
 */
export function unprovenAnswer(question: Buffer, oid: readonly number[], text: string): Buffer {
  const [version, header, security] = within(question, elementAt(question, 0))
  if (version === undefined || header === undefined || security === undefined) throw new Error('no v3')
  const [messageId] = within(question, header)
  if (messageId === undefined) throw new Error('no v3')
  const engine = within(question, elementAt(question, security.from))
  const copy = (element: Element | undefined) => question.subarray(element?.at, element?.to)
  const nothing = ber(0x04)
  const zero = ber(0x02, [0])
  return ber(
    0x30,
    copy(version),
    ber(0x30, copy(messageId), ber(0x02, [0x7f, 0xff]), ber(0x04, [0]), ber(0x02, [3])),
    ber(0x04, ber(0x30, ...engine.slice(0, 4).map(copy), nothing, nothing)),
    ber(
      0x30,
      copy(engine[0]),
      nothing,
      ber(0xa2, zero, zero, zero, ber(0x30, ber(0x30, ber(0x06, oid), ber(0x04, Buffer.from(text))))),
    ),
  )
}

/** One BER element, shorter than 128 bytes or not. */
function ber(tag: number, ...parts: (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Uint8Array.from(part)))
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Uint8Array.from([tag, ...length]), content])
}

/** Where the BER element at `at` has its content. */
interface Element {
  at: number
  from: number
  to: number
}

function partsOf(packet: Buffer) {
  const [version, community, pdu] = within(packet, elementAt(packet, 0))
  if (version === undefined || community === undefined || pdu === undefined) throw new Error('no v1 or v2c')
  const [id, errorStatus, errorIndex, varbinds] = within(packet, pdu)
  if (id === undefined || errorStatus === undefined || errorIndex === undefined || varbinds === undefined) {
    throw new Error('no PDU of a question or an answer')
  }
  return { version, community, pdu: pdu.at, id, errorStatus, errorIndex, varbinds }
}

function elementAt(packet: Buffer, at: number): Element {
  const first = packet[at + 1] ?? 0
  if (first < 0x80) return { at, from: at + 2, to: at + 2 + first }
  const from = at + 2 + (first & 0x7f)
  return { at, from, to: from + packet.readUIntBE(at + 2, first & 0x7f) }
}

function within(packet: Buffer, { from, to }: Element): Element[] {
  const found: Element[] = []
  for (let at = from; at < to; at = found.at(-1)?.to ?? to) found.push(elementAt(packet, at))
  return found
}
