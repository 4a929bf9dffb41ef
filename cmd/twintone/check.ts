import { UsageError, type Command, type OptionValues } from '../../lib/base/command.ts'
import { ConfigError, describeComplaint, type Complaint } from '../../lib/base/complaint.ts'
import { configFileOf, configOf, nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson } from '../../lib/base/table.ts'
import { inspectNode } from './inspect-node.ts'

export const checkCommand: Command = {
  name: 'check',
  summary: 'Says everything that is wrong with the settings and what they name, with line and fix.',
  usage: 'check [--json] [--config FILE]',
  help: `Looks at the settings, then at folders, certificates and address lists. Changes nothing.\nExit code 0: nothing is wrong; 1: something is.\n${nodeHelp}\n      --json  as JSON`,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words, options }, io) {
    if (words.length > 0) throw new UsageError('it takes no words')
    const complaints = await complaintsOf(options)
    if (options['json'] === true) io.stdout(asJson({ complaints }))
    else if (complaints.length === 0) io.stdout(`${configFileOf(options)}: nothing is wrong\n`)
    else for (const complaint of complaints) io.stderr(`${describeComplaint(complaint)}\n`)
    return complaints.length === 0 ? 0 : 1
  },
}

async function complaintsOf(options: OptionValues): Promise<readonly Complaint[]> {
  try {
    return await inspectNode(configOf(options), configFileOf(options))
  } catch (error) {
    if (error instanceof ConfigError) return error.complaints
    throw error
  }
}
