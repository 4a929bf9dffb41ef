import type { Command, Io, OptionValues } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson } from '../../lib/base/table.ts'
import type { PairEvent } from '../agent/views.ts'
import { agentOf, followAgent } from './node.ts'
import { paintFor, type Paint, type Tone } from './paint.ts'
import { clockTime, countIn, none } from './words.ts'

export const eventsCommand: Command = {
  name: 'events',
  summary: 'Shows what happened to the pair, as this node saw it.',
  usage: 'events [-f] [-n COUNT] [--json] [--config FILE]',
  help: `
  -f, --follow             goes on with what happens from now on, until Ctrl-C
  -n, --number COUNT       the last ones only; otherwise 30${nodeHelp}
      --json               as JSON; with -f one line each`,
  options: {
    ...nodeOptions,
    follow: { type: 'boolean', short: 'f' },
    number: { type: 'string', short: 'n' },
    json: { type: 'boolean' },
  },
  async run({ words, options }, io) {
    none(words)
    const { events } = await agentOf(options)<{ events: PairEvent[] }>('/events')
    const last = events.slice(-countIn(options, 30))
    const follow = options['follow'] === true
    if (options['json'] !== true) io.stdout(eventsText(last, paintFor(io)))
    else io.stdout(follow ? last.map(oneLine).join('') : asJson(last))
    if (follow) await followEvents(options, io)
    return 0
  },
}

const oneLine = (event: PairEvent) => `${JSON.stringify(event)}\n`

async function followEvents(options: OptionValues, io: Io): Promise<void> {
  for await (const event of followAgent<PairEvent>(options, '/events/live'))
    io.stdout(options['json'] === true ? oneLine(event) : eventsText([event], paintFor(io)))
}

const tones: Record<PairEvent['weight'], Tone | undefined> = {
  change: 'strong',
  note: undefined,
  trouble: 'bad',
}

/** The words say it too, for whoever sees no colours. */
const marks: Record<PairEvent['weight'], string> = { change: '*', note: ' ', trouble: '!' }

export const eventsText = (events: readonly PairEvent[], paint: Paint): string =>
  events
    .map(({ at, node, epoch, weight, sentence }) => {
      const tone = tones[weight]
      const said = tone === undefined ? sentence : paint(tone, sentence)
      return `${clockTime(at)}.${at.slice(20, 23)} ${marks[weight]} ${node} (${epoch}) ${said}\n`
    })
    .join('')
