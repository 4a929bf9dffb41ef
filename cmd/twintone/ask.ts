import { isIP } from 'node:net'
import { UsageError, type Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson } from '../../lib/base/table.ts'
import type { Phone } from '../../lib/phones/phone.ts'
import { askFileserver } from './node.ts'

export type AskAnswer = { address: string } & ({ phone: Phone } | { why: string })

export const askCommand: Command = {
  name: 'ask',
  summary: 'Asks the phone at an address over SNMP who is logged in, as the node does before it may save.',
  usage: 'ask <address> [--json] [--config FILE]',
  help: `Asks anew, whatever was answered before.\nExit code 0: it said who it is; 1: it did not, and the sentence says why.\n${nodeHelp}\n      --json  as JSON`,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words: [address, ...more], options }, io) {
    if (address === undefined || more.length > 0) throw new UsageError('name one address')
    if (isIP(address) === 0) throw new UsageError(`"${address}" is no IP address`)
    const query = new URLSearchParams({ address })
    const call = { method: 'POST', timeoutMs: 60_000 } as const
    const answer = await askFileserver<AskAnswer>(options, `/ask?${query.toString()}`, call)
    io.stdout(options['json'] === true ? asJson(answer) : askText(answer))
    return 'phone' in answer ? 0 : 1
  },
}

function askText(answer: AskAnswer): string {
  if ('why' in answer) return `${answer.why}\n`
  const { extension, family, model, mac, serial, version } = answer.phone
  const more = [
    mac === undefined ? '' : `MAC ${mac}`,
    serial === undefined ? '' : `serial number ${serial}`,
    version === undefined ? '' : `software ${version}`,
  ].filter((part) => part !== '')
  return `${answer.address}: extension ${extension}, ${model} (${family})\n${more.map((part) => `  ${part}\n`).join('')}`
}
