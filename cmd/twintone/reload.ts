import type { Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { askFileserver } from './node.ts'

export const reloadCommand: Command = {
  name: 'reload',
  summary: 'Reads certificates and address lists afresh, without touching transfers.',
  usage: 'reload [--config FILE]',
  help: `SIGHUP does the same. A certificate that cannot be used leaves the old one in place and is an error.\nAn address list that was taken away is no longer in force afterwards.\n${nodeHelp}`,
  options: nodeOptions,
  async run({ options }, io) {
    await askFileserver(options, '/reload', { method: 'POST' })
    io.stdout('certificates and address lists were read afresh\n')
    return 0
  },
}
