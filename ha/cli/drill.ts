import { UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { show, table } from '../../lib/base/table.ts'
import { scenarios } from '../drill/scenarios.ts'
import { changeHelp, changeOptions, changing } from './change.ts'
import { probe, probeHelp, probeOptions } from './drill-probe.ts'
import { runDrill } from './drill-run.ts'
import { everyHelp, everyOption } from './measuring.ts'
import { none, only } from './words.ts'

const help = `
Exit code 0: passed; 1: it could not be done; 2: used wrongly; 4: the objective was missed, or saves are missing;
5: rolled back; 6: refused, by the pair or by you.

  drill list               what can be played
  drill run <scenario>     plays it, and measures what phones feel; the fault is taken back by itself, by a
                           process of its own, even if this one is killed
  drill probe --for 30s    only measures, from any host, until Ctrl-C at the latest

Of \`run\`:
      --for TIME           how long the fault lasts; otherwise as \`drill list\` says
      --probe-from HOST    measures from there, over ssh; \`ha\` must be installed there
      --from-here          measures from here even where the fault cuts this host off
      --no-measure         does not measure; nothing goes into the history
      --despite-warnings   though \`ha check\` has warnings
${changeHelp}

Of \`probe\`:${probeHelp}

Of both:${everyHelp}${nodeHelp}
      --json               as JSON`

export const drillCommand: Command = {
  name: 'drill',
  summary: 'Plays a failure on purpose, and measures what phones feel of it.',
  usage: 'drill list | drill run <scenario> [--for 10s] [--probe-from HOST] [--yes] | drill probe --for 30s',
  help,
  options: {
    ...nodeOptions,
    ...changeOptions,
    ...everyOption,
    ...probeOptions,
    'probe-from': { type: 'string' },
    'from-here': { type: 'boolean' },
    'no-measure': { type: 'boolean' },
    'despite-warnings': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  run: ({ words: [verb, ...words], options }, io) =>
    changing(io, async () => {
      if (verb === 'run') return runDrill(scenarioCalled(only(words, 'name one scenario')), options, io)
      none(words)
      if (verb === 'list') return list(options, io)
      if (verb === 'probe') return probe(options, io)
      throw new UsageError('say `drill list`, `drill run <scenario>` or `drill probe`')
    }),
}

/** @throws UsageError */
function scenarioCalled(name: string) {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  throw new UsageError(
    `there is no scenario ${name}; there are ${scenarios.map((each) => each.name).join(', ')}`,
  )
}

function list(options: OptionValues, io: Io): number {
  const rows = scenarios.map(({ name, on, lastsMs, summary }) => [
    name,
    on === 'any' ? 'any node' : on === 'active' ? 'the active node' : 'the node that leads etcd',
    lastsMs === 0 ? '' : `${lastsMs / 1_000} s`,
    summary,
  ])
  const data = scenarios.map(({ name, on, lastsMs, summary, objective }) => ({
    name,
    on,
    lastsMs,
    summary,
    objective,
  }))
  show(io, options, data, table(['scenario', 'run it on', 'lasts', 'what happens'], rows))
  return 0
}
