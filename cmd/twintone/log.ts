import { UsageError, type Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { askFileserver } from './node.ts'

export const logCommand: Command = {
  name: 'log',
  summary: 'Switches the detailed log of the running node on or off.',
  usage: 'log detailed on|off [--config FILE]',
  help: `Takes effect at once and lasts until the next start, which goes by log.detailed.\n${nodeHelp}`,
  options: nodeOptions,
  async run({ words: [what, state, ...more], options }, io) {
    if (what !== 'detailed' || (state !== 'on' && state !== 'off') || more.length > 0)
      throw new UsageError('say `detailed on` or `detailed off`')
    await askFileserver(options, '/log', { method: 'POST', body: { detailed: state === 'on' } })
    io.stdout(`the detailed log is ${state}\n`)
    return 0
  },
}
