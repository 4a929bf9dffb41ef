import { isIP } from 'node:net'
import { Alarms } from '../../lib/base/alarms.ts'
import { systemClock } from '../../lib/base/clock.ts'
import { CommandError, UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { NotRunning } from '../../lib/base/control-socket.ts'
import { silentLog } from '../../lib/base/log.ts'
import { configOf, nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { protocols } from '../../lib/base/protocol.ts'
import { asJson, table } from '../../lib/base/table.ts'
import { AddressLists } from '../../lib/files/address-lists.ts'
import { Refusal } from '../../lib/files/refusal.ts'
import { canonicalAddress } from '../../lib/phones/address.ts'
import { explainAccess, type AccessAnswer } from '../explain-access.ts'
import { askFileserver } from './node.ts'

interface AllowAnswer {
  address: string
  file: string
  doors: AccessAnswer[]
}

export const allowCommand: Command = {
  name: 'allow',
  summary: 'Says which line of which address list decides about a phone.',
  usage: 'allow test <address> [file] [--json] [--config FILE]',
  help: `Asks the running node; without one, reads the lists as they lie in the data folder.\nExit code 0: every door would serve it; 1: at least one would refuse.\n${nodeHelp}\n      --json  as JSON`,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words: [verb, address, file = '46xxsettings.txt', ...more], options }, io) {
    if (verb !== 'test' || address === undefined || more.length > 0)
      throw new UsageError('say `test <address>`, and a file name if you like')
    if (isIP(address) === 0) throw new UsageError(`"${address}" is no IP address`)
    const answer = await ask(canonicalAddress(address), file, options, io)
    io.stdout(options['json'] === true ? asJson(answer) : allowText(answer))
    return answer.doors.every(({ allowed }) => allowed) ? 0 : 1
  },
}

async function ask(address: string, file: string, options: OptionValues, io: Io): Promise<AllowAnswer> {
  try {
    return await askFileserver<AllowAnswer>(
      options,
      `/access?${new URLSearchParams({ address, file }).toString()}`,
    )
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error
    io.stderr('the node is not running: this is what the lists on disk say\n')
    return answerFromDisk(address, file, options)
  }
}

function answerFromDisk(address: string, file: string, options: OptionValues): AllowAnswer {
  const clock = systemClock
  const log = silentLog
  const lists = new AddressLists(configOf(options).data.folder, { alarms: new Alarms({ clock, log }) })
  try {
    return {
      address,
      file,
      doors: protocols.map((protocol) => explainAccess(lists, { protocol, address, port: 0 }, file)),
    }
  } catch (error) {
    if (error instanceof Refusal) throw new CommandError(error.message, { cause: error })
    throw error
  }
}

function allowText({ address, file, doors }: AllowAnswer): string {
  const rows = doors.map(({ protocol, allowed, why, instead }) => [
    protocol,
    allowed ? 'served' : instead === null ? 'refused' : `refused, given ${instead} if it exists`,
    why,
  ])
  return `${address} asking for ${file}\n${table(['door', 'answer', 'because'], rows)}`
}
