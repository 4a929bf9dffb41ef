import { hostname } from 'node:os'
import { loadPairKeys } from '../../ha/keys/load.ts'
import type { Command } from '../../lib/base/command.ts'
import { runComponents } from '../../lib/base/component.ts'
import { openLog } from '../../lib/base/log.ts'
import { configOf, nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { listenForStop } from '../../lib/base/process.ts'
import { assembleAgent } from '../assemble-agent.ts'

/** Giving up the role, the address and the lease takes a fraction of that. */
const graceMs = 5_000

export const agentCommand: Command = {
  name: 'agent',
  summary: 'Runs the agent of this node: the daemon that systemd starts.',
  usage: 'agent [--config FILE]',
  help: `
Watches the other node, keeps or takes the floating address, and tells the file server its role. SIGTERM ends it: an
active node gives the role up in good order before.
${nodeHelp}`,
  options: nodeOptions,
  async run({ options }) {
    const config = configOf(options)
    const opened = openLog('agent', { ...config.log, file: config.pair.logFile })
    const { log } = opened
    const stop = listenForStop((signal) => log.info({ signal }, 'stop asked for'))
    try {
      const keys = loadPairKeys(config.pair.folder, config.node.name || hostname(), new Date())
      const { parts } = await assembleAgent(config, keys, log)
      await runComponents(parts, { until: stop.signal, graceMs, log, ready: () => log.info('ready') })
      log.info('stopped')
      return 0
    } finally {
      stop.dispose()
      await opened.close()
    }
  },
}
