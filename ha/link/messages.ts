/** What the agents of a pair tell each other. Any of them may be lost, come late, or be repeated by its sender. */

export type Message =
  /** Which process speaks for a node now: a question, an answer to the other's, or both. The link's own. */
  | { type: 'HELLO'; challenge: string; answer: string }
  /** "I am active with this epoch: promise not to take over." */
  | { type: 'HOLD'; epoch: number; challenge: string }
  /** The promise, to the very HOLD that had this challenge. */
  | { type: 'PROMISE'; epoch: number; challenge: string }
  /** "I am active with this epoch: whoever has a lower one is not." */
  | { type: 'FENCE'; epoch: number }
  /** "I have given up the reign of this epoch." */
  | { type: 'RELEASE'; epoch: number }
  | { type: 'STATUS'; status: Readonly<Record<string, unknown>> }

/** Of a STATUS, as JSON in UTF-8. */
export const longestStatusBytes = 800

/**
 * @param value as JSON.parse gives it
 * @returns the message if it is one in every detail, otherwise undefined; never throws
 */
export function parseMessage(value: unknown): Message | undefined {
  if (!isRecord(value) || !isType(value['type'])) return undefined
  const wanted: Readonly<Record<string, Check>> = shapes[value['type']]
  const given = Object.keys(value).filter((key) => key !== 'type')
  const fits =
    given.length === Object.keys(wanted).length &&
    given.every((key) => Object.hasOwn(wanted, key) && wanted[key]?.(value[key]) === true)
  return fits ? (value as Message) : undefined
}

type Check = (value: unknown) => boolean
type FieldsOf<T extends Message['type']> = Exclude<keyof Extract<Message, { type: T }>, 'type'>

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Etcd counts revisions in 64 bits, but no pair lives long enough to leave the numbers that are exact here. */
const isEpoch: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0

/** Long enough that nobody guesses it. */
const isToken: Check = (value) => typeof value === 'string' && /^[\w-]{16,64}$/.test(value)

const isTokenOrNone: Check = (value) => value === '' || isToken(value)

const isStatus: Check = (value) =>
  isRecord(value) && Buffer.byteLength(JSON.stringify(value)) <= longestStatusBytes

const shapes: { readonly [T in Message['type']]: Readonly<Record<FieldsOf<T>, Check>> } = {
  HELLO: { challenge: isTokenOrNone, answer: isTokenOrNone },
  HOLD: { epoch: isEpoch, challenge: isToken },
  PROMISE: { epoch: isEpoch, challenge: isToken },
  FENCE: { epoch: isEpoch },
  RELEASE: { epoch: isEpoch },
  STATUS: { status: isStatus },
}

const isType = (value: unknown): value is Message['type'] =>
  typeof value === 'string' && Object.hasOwn(shapes, value)
