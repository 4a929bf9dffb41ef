import { UsageError, type Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { show } from '../../lib/base/table.ts'
import type { PairEvent, PairStatus } from '../agent/views.ts'
import { eventsText } from './events.ts'
import { agentOf } from './node.ts'
import { paintFor, type Paint } from './paint.ts'

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Tells why things are as they are, or what led to a change.',
  usage: 'explain [EVENT] [--json] [--config FILE]',
  help: `
Without EVENT: why each node is what it is, and what led to the last change. EVENT is an epoch, or the beginning of a
time as in \`ha events --json\` (2026-11-24T10:15), or some words of the sentence. Causes come first.
Exit code 1: there is no such event.${nodeHelp}
      --json               as JSON`,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words: [asked, ...more], options }, io) {
    if (more.length > 0) throw new UsageError('name one event; put words in quotes')
    const ask = agentOf(options)
    const [status, { events }] = await Promise.all([
      ask<PairStatus>('/status'),
      ask<{ events: PairEvent[] }>('/events'),
    ])
    const event = eventAsked(events, asked)
    if (event === undefined && asked !== undefined) {
      io.stderr(`this node knows no event ${asked}; \`ha events\` lists those it does\n`)
      return 1
    }
    const chain = event === undefined ? [] : chainOf(events, event)
    const story = chainText(chain, paintFor(io))
    if (asked !== undefined) show(io, options, { chain }, story)
    else show(io, options, { nodes: whys(status), chain }, `${whysText(status)}${story}`)
    return 0
  },
}

/** The last change of who is active, or the last event that fits. */
export function eventAsked(events: readonly PairEvent[], asked: string | undefined): PairEvent | undefined {
  if (asked === undefined) return events.findLast(({ weight }) => weight === 'change')
  if (/^\d+$/.test(asked))
    return events.findLast(({ epoch, weight }) => epoch === Number(asked) && weight === 'change')
  return events.findLast(({ at, sentence }) => at.startsWith(asked) || sentence.includes(asked))
}

/** What lies further apart than this belongs to another story. */
const linkMs = 10_000
const longest = 20

/** The events that led to one, it last: a story begins where nothing had happened for a while. */
export function chainOf(events: readonly PairEvent[], event: PairEvent): PairEvent[] {
  const chain = [event]
  const before = events.slice(0, events.indexOf(event)).toReversed()
  for (const earlier of before) {
    const next = chain[0] ?? event
    if (Date.parse(next.at) - Date.parse(earlier.at) > linkMs || chain.length === longest) break
    chain.unshift(earlier)
  }
  return chain
}

const whys = ({ nodes }: PairStatus) => nodes.map(({ name, role, why }) => ({ name, role, why }))

const whysText = (status: PairStatus) =>
  `${whys(status)
    .map(({ name, role, why }) => `${name} is ${role === 'unknown' ? 'of unknown state' : role}: ${why}\n`)
    .join('')}\n`

const chainText = (chain: readonly PairEvent[], paint: Paint) =>
  chain.length === 0
    ? 'this node has seen no change yet\n'
    : `what led to it, as this node saw it:\n${eventsText(chain, paint)}`
