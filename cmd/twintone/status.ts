import type { Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import type { Protocol } from '../../lib/base/protocol.ts'
import { asJson, table } from '../../lib/base/table.ts'
import { transferResults } from '../../lib/status/activity.ts'
import type { Snapshot } from '../../lib/status/snapshot.ts'
import { describeBytes, describeDuration, describeUsers } from '../../lib/status/words.ts'
import { askFileserver } from './node.ts'

export const statusCommand: Command = {
  name: 'status',
  summary: 'Shows what the node serves and what needs attention.',
  usage: 'status [--json] [--config FILE]',
  help: `Exit code 0: serving without alarms; 1: alarms, or not running.\n${nodeHelp}\n      --json  the whole status as JSON`,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ options }, io) {
    const now = await askFileserver<Snapshot>(options, '/status')
    io.stdout(options['json'] === true ? asJson(now) : statusText(now))
    return now.alarms.length === 0 ? 0 : 1
  },
}

function statusText(now: Snapshot): string {
  const slots =
    now.slots.max === 0
      ? `${now.slots.used} phones seen`
      : `${now.slots.used} of ${now.slots.max} client slots taken`
  const headline = `${now.node}: ${now.alarms.length === 0 ? 'serving' : 'serving, needs attention'}; up ${describeDuration(now.uptimeSeconds)}; ${slots}; ${describeBytes(now.process.memoryBytes)} of memory\n`
  const alarms = now.alarms.map(({ text }) => `  ! ${text}\n`).join('')
  const users = describeUsers(now.users)
    .map((line) => `${line}\n`)
    .join('')
  return `${headline}${alarms}\n${doorsText(now)}\n${users}\n${totalsText(now)}`
}

const doorsText = ({ doors }: Snapshot) =>
  table(
    ['door', 'address', 'port', 'tls'],
    doors.map(({ protocol, address, port, tls }) => [
      protocol,
      address,
      String(port),
      tls === undefined ? '' : `${tls.profile}${tls.weak ? ' (weak)' : ''}`,
    ]),
    ['port'],
  )

function totalsText({ totals, active }: Snapshot): string {
  const protocols = Object.keys(totals) as Protocol[]
  const underWay = (protocol: Protocol) => active.filter((transfer) => transfer.protocol === protocol).length
  const rows = protocols.map((protocol) => {
    const { requests, bytes = 0, receivedBytes = 0 } = totals[protocol] ?? {}
    const counts = [...transferResults.map((result) => requests?.[result] ?? 0), underWay(protocol)]
    return [protocol, ...counts.map(String), describeBytes(bytes), describeBytes(receivedBytes)]
  })
  const head = ['since start', ...transferResults, 'under way', 'bytes sent', 'received']
  return rows.length === 0 ? 'nothing asked for yet\n' : table(head, rows, head.slice(1))
}
