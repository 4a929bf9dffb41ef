/** Where the pair's records lie in etcd, and how their texts are read. A text that is none of ours is undefined. */

export interface Keys {
  /** Of all keys of this pair. */
  prefix: string
  cluster: string
  leader: string
  /** The nonce of the reign, as long as it goes on. */
  claim: string
  term: string
  insync: string
  pause: string
  handover: string
  member: (node: string) => string
  standby: (node: string) => string
  /** Of a reign: without an id, the prefix of all. */
  history: (id?: string) => string
  drill: (id?: string) => string
}

export function keysOf(cluster: string): Keys {
  const prefix = `/ha/${cluster}/`
  return {
    prefix,
    cluster: `${prefix}cluster`,
    leader: `${prefix}leader`,
    claim: `${prefix}claim`,
    term: `${prefix}term`,
    insync: `${prefix}insync`,
    pause: `${prefix}pause`,
    handover: `${prefix}handover`,
    member: (node) => `${prefix}members/${node}`,
    standby: (node) => `${prefix}standby/${node}`,
    history: (id = '') => `${prefix}history/${id}`,
    drill: (id = '') => `${prefix}drill/${id}`,
  }
}

export interface LeaderRecord {
  node: string
  nonce: string
  /** Counts the renewals. */
  n: number
  phase: 'active' | 'released'
  /** Of one that is released: who shall take it, and why it was given up. */
  handTo?: string
  why?: string
}

export function parseLeader(text: string): LeaderRecord | undefined {
  const { node, nonce, n, phase, handTo, why } = fieldsOf(text)
  if (!isText(node) || !isText(nonce) || !isNumber(n) || (phase !== 'active' && phase !== 'released'))
    return undefined
  return { node, nonce, n, phase, ...(isText(handTo) ? { handTo } : {}), ...(isText(why) ? { why } : {}) }
}

/** One reign. The revision of its key is the epoch. */
export function parseTerm(text: string): { node: string; nonce: string } | undefined {
  const { node, nonce } = fieldsOf(text)
  return isText(node) && isText(nonce) ? { node, nonce } : undefined
}

export function parseInsync(text: string): { nodes: string[] } | undefined {
  const { nodes } = fieldsOf(text)
  return Array.isArray(nodes) && nodes.every(isText) ? { nodes } : undefined
}

/** `untilMs` is wall time. */
export function parsePause(text: string): { by: string; why: string; untilMs: number } | undefined {
  const { by, why, untilMs } = fieldsOf(text)
  return isText(by) && isText(why) && isNumber(untilMs) ? { by, why, untilMs } : undefined
}

export function parseStandby(text: string): { by: string; why: string } | undefined {
  const { by, why } = fieldsOf(text)
  return isText(by) && isText(why) ? { by, why } : undefined
}

/** Who is registered under a node's name; its status stands beside it. */
export function parseMember(text: string): { address: string; machine: string } | undefined {
  const { address, machine } = fieldsOf(text)
  return isText(address) && isText(machine) ? { address, machine } : undefined
}

export function parseCluster(text: string): { uuid: string } | undefined {
  const { uuid } = fieldsOf(text)
  return isText(uuid) ? { uuid } : undefined
}

export interface HandoverRecord {
  id: string
  to: string
  drainMs: number
  why: string
}

export function parseHandover(text: string): HandoverRecord | undefined {
  const { id, to, drainMs, why } = fieldsOf(text)
  return isText(id) && isText(to) && isNumber(drainMs) && isText(why) ? { id, to, drainMs, why } : undefined
}

/** `at` is wall time, ISO 8601. */
export function parseHistory(text: string): { node: string; at: string; why: string } | undefined {
  const { node, at, why } = fieldsOf(text)
  return isText(node) && isText(at) && isText(why) ? { node, at, why } : undefined
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => Number.isFinite(value)

function fieldsOf(text: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
