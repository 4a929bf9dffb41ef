import type { Reign } from '../../lib/users/store/reigns.ts'
import type { Tip } from '../../lib/users/store/journal-lines.ts'

/**
 * What the two file servers say to each other about users' data. The standby calls, and says how far it is; the active
 * node sends what it lacks, each batch once it is complete there, and is told how far the standby has got.
 */

export const protocolVersion = 1

/** Standby: who it is, and how far. */
export interface Hello {
  type: 'hello'
  version: number
  uuid: string
  node: string
  /** The highest epoch it has heard of. */
  epoch: number
  tip: Tip
  /** The last reign its journal knows of; absent: it never was one of two. */
  reign?: number
  /** It wants everything anew, whatever its tip is. */
  reseed: boolean
}

/** Active: goes on after the standby's tip. */
export interface Welcome {
  type: 'welcome'
  epoch: number
}

/** Active: the standby must become what this node is first. The entries follow, so many in all. */
export interface Seed {
  type: 'seed'
  epoch: number
  tip: Tip
  reigns: Reign[]
  common: number
  entries: number
}

export interface Entries {
  type: 'entries'
  entries: unknown[]
}

/** Standby: it has become what the active node was, and goes on from there. */
export interface Start {
  type: 'start'
  tip: Tip
}

/** Active: what happened. The bodies come one after the other, the first piece with it. */
export interface BatchMessage {
  type: 'batch'
  entries: unknown[]
  bodies: { seq: number; size: number }[]
}

/** The next piece of a batch (0), or of an answer to that question. */
export interface Piece {
  type: 'piece'
  of: number
}

/** Standby: everything up to that record is durable there. */
export interface Ack {
  type: 'ack'
  seq: number
}

/** Either: asks for a content. */
export interface Fetch {
  type: 'fetch'
  id: number
  name: string
  seq: number
  hash: string
}

/** Either: the content asked for, the first piece with it. No size: it is no longer there. */
export interface ContentMessage {
  type: 'content'
  id: number
  size?: number
}

/** Active: what stands there after that record. */
export interface Compare {
  type: 'compare'
  tip: Tip
  root: string
  files: number
}

/** Standby: whether the same stands there. */
export interface Compared {
  type: 'compared'
  isEqual: boolean
}

/** Either: why it ends the connection. */
export interface Bye {
  type: 'bye'
  why: string
}

/** Either, when there is nothing else to say. */
export interface Ping {
  type: 'ping'
}

export type Message =
  | Hello
  | Welcome
  | Seed
  | Entries
  | Start
  | BatchMessage
  | Piece
  | Ack
  | Fetch
  | ContentMessage
  | Compare
  | Compared
  | Bye
  | Ping

/** @returns undefined for what is no message */
export function parseMessage(header: unknown): Message | undefined {
  if (!isObject(header) || typeof header['type'] !== 'string') return undefined
  const check = Object.hasOwn(checks, header['type']) ? checks[header['type'] as Message['type']] : undefined
  return check?.(header) === true ? (header as unknown as Message) : undefined
}

type Fields = Record<string, unknown>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isHash = (value: unknown) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const isText = (value: unknown) => typeof value === 'string' && value.length <= 1_000
const isTip = (value: unknown) => isObject(value) && isCount(value['seq']) && isHash(value['hash'])
const isReign = (value: unknown) => isObject(value) && isCount(value['epoch']) && isTip(value['after'])
const isBody = (value: unknown) => isObject(value) && isCount(value['seq']) && isCount(value['size'])
const isListOf = (value: unknown, is: (each: unknown) => boolean) => Array.isArray(value) && value.every(is)

const checks: Record<Message['type'], (fields: Fields) => boolean> = {
  hello: ({ version, uuid, node, epoch, tip, reign, reseed }) =>
    isCount(version) &&
    isText(uuid) &&
    isText(node) &&
    isCount(epoch) &&
    isTip(tip) &&
    (reign === undefined || isCount(reign)) &&
    typeof reseed === 'boolean',
  welcome: ({ epoch }) => isCount(epoch),
  seed: ({ epoch, tip, reigns, common, entries }) =>
    isCount(epoch) && isTip(tip) && isListOf(reigns, isReign) && isCount(common) && isCount(entries),
  entries: ({ entries }) => Array.isArray(entries),
  start: ({ tip }) => isTip(tip),
  batch: ({ entries, bodies }) => Array.isArray(entries) && isListOf(bodies, isBody),
  piece: ({ of }) => isCount(of),
  ack: ({ seq }) => isCount(seq),
  fetch: ({ id, name, seq, hash }) => isCount(id) && isText(name) && isCount(seq) && isHash(hash),
  content: ({ id, size }) => isCount(id) && (size === undefined || isCount(size)),
  compare: ({ tip, root, files }) => isTip(tip) && isHash(root) && isCount(files),
  compared: ({ isEqual }) => typeof isEqual === 'boolean',
  bye: ({ why }) => isText(why),
  ping: () => true,
}
