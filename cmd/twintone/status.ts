import type { Protocol } from '../../lib/base/protocol.ts'
import type { Snapshot } from '../../lib/status/snapshot.ts'
import { describeBytes, describeDuration } from '../../lib/status/words.ts'
import type { Command } from './command.ts'
import { askFileserver, nodeHelp, nodeOptions } from './node.ts'
import { asJson, table } from './table.ts'

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
  return `${headline}${alarms}\n${doorsText(now)}\n${totalsText(now)}`
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
    const { requests, bytes } = totals[protocol] ?? {
      requests: { sent: 0, unchanged: 0, refused: 0, broken: 0 },
      bytes: 0,
    }
    const counts = [
      requests.sent,
      requests.unchanged,
      requests.refused,
      requests.broken,
      underWay(protocol),
    ].map(String)
    return [protocol, ...counts, describeBytes(bytes)]
  })
  const head = ['since start', 'sent', 'unchanged', 'refused', 'broken', 'under way', 'bytes']
  return rows.length === 0 ? 'nothing asked for yet\n' : table(head, rows, head.slice(1))
}
