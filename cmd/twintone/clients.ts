import { UsageError, type Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson, table } from '../../lib/base/table.ts'
import { canonicalAddress } from '../../lib/phones/address.ts'
import { describeDuration } from '../../lib/status/words.ts'
import type { ClientAnswer, ClientsAnswer } from '../control-routes.ts'
import { askFileserver } from './node.ts'

export const clientsCommand: Command = {
  name: 'clients',
  summary: 'Lists which phone addresses hold a slot, and takes slots away.',
  usage: 'clients [evict <address>] [--json] [--config FILE]',
  help: `Slots matter once access.maxClients is reached: then only addresses that hold one are served.\n${nodeHelp}\n      --json  as JSON`,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words, options }, io) {
    const [verb, address] = words
    if (verb === 'evict' && address !== undefined) {
      await askFileserver(options, `/clients/${encodeURIComponent(canonicalAddress(address))}`, {
        method: 'DELETE',
      })
      io.stdout(`${address} no longer holds a slot\n`)
      return 0
    }
    if (verb !== undefined) throw new UsageError('it takes no words, or `evict <address>`')
    const answer = await askFileserver<ClientsAnswer>(options, '/clients')
    io.stdout(options['json'] === true ? asJson(answer) : clientsText(answer))
    return 0
  },
}

function clientsText({ maxClients, clients }: ClientsAnswer): string {
  const head =
    maxClients === 0
      ? `${clients.length} addresses seen; no limit is set\n`
      : `${clients.length} of ${maxClients} slots taken\n`
  if (clients.length === 0) return head
  const row = ({ address, requests, sinceSeconds, leftSeconds }: ClientAnswer) => [
    address,
    describeDuration(sinceSeconds),
    leftSeconds === null ? 'for good' : describeDuration(leftSeconds),
    String(requests),
  ]
  return head + table(['address', 'since', 'left', 'requests'], clients.map(row), ['requests'])
}
