import type { Message, Severity } from '../message.ts'
import { enterpriseNumber } from './enterprise.ts'
import { cutBytes, plainLine } from './plain.ts'

/** A message as syslog says it (RFC 5424). */

export const syslogName = 'twintone-watchdog'

/** RFC 5424, 6.2.1: system daemons. */
const facility = 3

/** RFC 5424, 6.2.1, and as logger(1) spells them. */
const levels = {
  critical: { code: 2, word: 'crit' },
  warning: { code: 4, word: 'warning' },
  recovered: { code: 5, word: 'notice' },
  info: { code: 6, word: 'info' },
} satisfies Record<Severity | 'recovered', { code: number; word: string }>

/** `daemon.crit`, as logger(1) takes it. */
export const priorityWords = (message: Message): string => `daemon.${levelOf(message).word}`

/** A whole message of at most `mostBytes`. */
export function syslogLine(message: Message, mostBytes: number): string {
  const { node, kind, at } = message
  const header = [
    `<${facility * 8 + levelOf(message).code}>1`,
    timeOf(at),
    nameOf(node, 255),
    syslogName,
    '-',
    nameOf(kind, 32),
  ].join(' ')
  return cutBytes(`${header} ${structured(message)} ${textOf(message)}`, mostBytes)
}

/** Everything in one line: many receivers end a message at a line feed, and others write `#012`. */
export const oneLine = ({ subject, text }: Message): string =>
  plainLine(`${subject}: ${text.replaceAll(/\s*\n\s*/g, ' / ')}`, 8_000)

/** Incidents are named by date, time and probe: `20261124-0915-http-80`. */
const probeOf = (incident: string) => /^\d{8}-\d{4,6}-(.+)$/.exec(incident)?.[1]

function structured({ incident, kind, severity }: Message): string {
  const probe = probeOf(incident)
  const fields = { incident, ...(probe === undefined ? {} : { probe }), kind, severity }
  const written = Object.entries(fields).map(([name, value]) => `${name}="${escaped(plainLine(value, 200))}"`)
  return `[twintone@${enterpriseNumber} ${written.join(' ')}]`
}

/** RFC 5424, 6.3.3. */
const escaped = (value: string) => value.replaceAll(/["\\\]]/g, String.raw`\$&`)

/** The mark of UTF-8 is demanded before text that is more than ASCII only (RFC 5424, 6.4), and shows in many receivers. */
function textOf(message: Message): string {
  const text = oneLine(message)
  return /^[\x20-\x7e]*$/.test(text) ? text : `\uFEFF${text}`
}

function timeOf(at: string): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString()
}

/** Visible ASCII without spaces (RFC 5424, 6): others become a dash. */
const nameOf = (text: string, longest: number) =>
  text.replaceAll(/[^\x21-\x7e]+/g, '-').slice(0, longest) || '-'

const levelOf = ({ kind, severity }: Message) => levels[kind === 'recovered' ? 'recovered' : severity]
