import type { Message, Severity } from '../message.ts'

/** Messages that were not told one by one, as far as one message can say. */
export interface Digest {
  count: number
  /** A line for each of the first ones. */
  lines: readonly string[]
  severity: Severity
  node: string
}

export const noDigest: Digest = { count: 0, lines: [], severity: 'info', node: '' }

/** More than a person reads. */
const mostLines = 50

const weight: Record<Severity, number> = { info: 0, warning: 1, critical: 2 }

export const isAtLeast = (severity: Severity, least: Severity): boolean => weight[severity] >= weight[least]

export function withMessage({ count, lines, severity }: Digest, message: Message): Digest {
  return {
    count: count + 1,
    lines: count < mostLines ? [...lines, lineOf(message)] : lines,
    severity: isAtLeast(message.severity, severity) ? message.severity : severity,
    node: message.node,
  }
}

/** What was written to disk. @returns an empty one for anything else */
export function parseDigest(read: unknown): Digest {
  if (typeof read !== 'object' || read === null) return noDigest
  const { count, lines, severity, node } = read as Record<string, unknown>
  const known = (['info', 'warning', 'critical'] as const).find((each) => each === severity)
  if (typeof count !== 'number' || !isTexts(lines) || known === undefined || typeof node !== 'string')
    return noDigest
  return { count, lines, severity: known, node }
}

/** One message that says it all. @param why `held back`, `dropped`, and the reason */
export function digestMessage({ count, lines, severity, node }: Digest, why: string, at: Date): Message {
  const messages = count === 1 ? '1 message' : `${count} messages`
  const more = count > lines.length ? [`and ${count - lines.length} more`] : []
  return {
    incident: `${at.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-')}-digest`,
    severity,
    kind: 'digest',
    node,
    subject: `${node}: ${messages} ${why}`,
    text: [`${messages} ${why}:`, '', ...lines, ...more].join('\n'),
    at: at.toISOString(),
  }
}

const isTexts = (read: unknown): read is string[] =>
  Array.isArray(read) && read.every((each) => typeof each === 'string')

const lineOf = ({ at, severity, subject, incident }: Message) =>
  `${at} ${severity}: ${subject.slice(0, 200)} (${incident})`
