import { systemClock } from '../../lib/base/clock.ts'
import type { Command, Io, OptionValues } from '../../lib/base/command.ts'
import { NotRunning } from '../../lib/base/control-socket.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { listenForStop } from '../../lib/base/process.ts'
import { show } from '../../lib/base/table.ts'
import { pairStatus } from './node.ts'
import { paintFor } from './paint.ts'
import { statusText } from './status-text.ts'
import { none } from './words.ts'

export const statusCommand: Command = {
  name: 'status',
  summary: 'Shows which node is active, how the other is, and what needs attention.',
  usage: 'status [-w] [--json] [--config FILE]',
  help: `
Exit code 0: a node is active; 1: none is, or the agent of this node does not run.${nodeHelp}
  -w, --watch              again each second, until Ctrl-C
      --json               as JSON; with -w one line each`,
  options: { ...nodeOptions, json: { type: 'boolean' }, watch: { type: 'boolean', short: 'w' } },
  async run({ words, options }, io) {
    none(words)
    if (options['watch'] === true) return watch(options, io)
    const status = await pairStatus(options)
    const now = systemClock.wallTime()
    show(io, options, status, statusText(status, now, paintFor(io)))
    return status.active === undefined ? 1 : 0
  },
}

const everyMs = 1_000

async function watch(options: OptionValues, io: Io): Promise<number> {
  const stop = listenForStop()
  try {
    while (!stop.signal.aborted) {
      const text = await nextText(options, io)
      io.stdout(io.terminal === true && options['json'] !== true ? overwriting(text) : text)
      await systemClock.sleep(everyMs, stop.signal).catch(() => {})
    }
    return 0
  } finally {
    stop.dispose()
  }
}

/** An agent that is restarted is waited for. */
async function nextText(options: OptionValues, io: Io): Promise<string> {
  try {
    const status = await pairStatus(options)
    if (options['json'] === true) return `${JSON.stringify(status)}\n`
    return `${statusText(status, systemClock.wallTime(), paintFor(io))}\n`
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error
    return options['json'] === true ? `${JSON.stringify({ problem: error.message })}\n` : `${error.message}\n`
  }
}

/** From the top left on, each line cleared to its end, and then what is below: nothing is ever blank between. */
export const overwriting = (text: string): string => `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J`
