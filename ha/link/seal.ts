import { createHmac, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { parseMessage, type Message } from './messages.ts'

/** A message with all that its seal covers. */
export interface Envelope {
  /** Uuid of the pair. */
  cluster: string
  from: string
  to: string
  /** The sender's process: chosen by chance when it starts. */
  session: string
  /** Rises with each datagram of a session. */
  counter: number
  /** The receiver's session as the sender knows it; empty: not at all. */
  echo: string
  message: Message
}

/** Who may write to whom here. */
export interface Ends {
  cluster: string
  me: string
  other: string
}

export type SealRefusal =
  | 'too long'
  | 'forged'
  | 'not understood'
  | 'other cluster'
  | 'from myself'
  | 'from a stranger'
  | 'not for me'

export type Opened = { outcome: 'opened'; envelope: Envelope } | { outcome: 'refused'; reason: SealRefusal }

/** Fits the smallest packet that IPv6 promises to carry whole (1,280 bytes, RFC 8200, 5). */
export const longestDatagram = 1_200

const sealBytes = 32
/** What the secret seals elsewhere is no seal here. */
const purpose = 'twintone link 1\0'

/** Something nobody can guess: a session, a challenge, a nonce. */
export const freshToken = (): string => randomBytes(16).toString('base64url')

/**
 * HMAC-SHA256 of all that follows, then JSON. It is not hidden, only unforgeable: no message holds a secret.
 * @returns undefined when it would be too long
 */
export function seal(envelope: Envelope, secret: KeyObject): Buffer | undefined {
  const body = Buffer.from(JSON.stringify(envelope))
  return sealBytes + body.length > longestDatagram ? undefined : Buffer.concat([macOf(body, secret), body])
}

/** Looks at the seal before anything else; never throws. */
export function open(packet: Uint8Array, secret: KeyObject, ends: Ends): Opened {
  if (packet.length > longestDatagram) return refused('too long')
  if (packet.length < sealBytes) return refused('forged')
  const body = packet.subarray(sealBytes)
  if (!timingSafeEqual(packet.subarray(0, sealBytes), macOf(body, secret))) return refused('forged')
  const envelope = parseEnvelope(body)
  if (envelope === undefined) return refused('not understood')
  const { cluster, from, to } = envelope
  if (cluster !== ends.cluster) return refused('other cluster')
  if (from === ends.me) return refused('from myself')
  if (from !== ends.other) return refused('from a stranger')
  if (to !== ends.me) return refused('not for me')
  return { outcome: 'opened', envelope }
}

const refused = (reason: SealRefusal): Opened => ({ outcome: 'refused', reason })

const macOf = (body: Uint8Array, secret: KeyObject) =>
  createHmac('sha256', secret).update(purpose).update(body).digest()

function parseEnvelope(body: Uint8Array): Envelope | undefined {
  const value = parseJson(body)
  if (typeof value !== 'object' || value === null) return undefined
  const { cluster, from, to, session, counter, echo, message: asked } = value as Record<string, unknown>
  const message = parseMessage(asked)
  if (message === undefined || !isCount(counter)) return undefined
  if (!isText(cluster) || !isText(from) || !isText(to) || !isText(session) || !isText(echo)) return undefined
  return { cluster, from, to, session, counter, echo, message }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString())
  } catch {
    return undefined
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isCount = (value: unknown): value is number => Number.isSafeInteger(value)
