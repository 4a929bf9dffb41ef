import { UsageError, type Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson, table } from '../../lib/base/table.ts'
import { answerOf, remarksOf } from '../../lib/status/page.ts'
import type { Boot, PhoneTrace } from '../../lib/status/boot-traces.ts'
import { describePhone, describeTime } from '../../lib/status/words.ts'
import { askFileserver } from './node.ts'

const help = `Kept in memory since the file server started (phones.remember, phones.boots).\n${nodeHelp}\n      --json  as JSON`

export const phonesCommand: Command = {
  name: 'phones',
  summary: 'Lists the phones seen, with their last request.',
  usage: 'phones [--json] [--config FILE]',
  help,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ options }, io) {
    const phones = await askFileserver<PhoneTrace[]>(options, '/phones')
    io.stdout(options['json'] === true ? asJson(phones) : phonesText(phones))
    return 0
  },
}

export const phoneCommand: Command = {
  name: 'phone',
  summary: 'Shows what one phone asked for in its last boots, and what it got.',
  usage: 'phone <address|MAC> [--json] [--config FILE]',
  help,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words: [phone, ...more], options }, io) {
    if (phone === undefined || more.length > 0) throw new UsageError('name one phone, by address or MAC')
    const trace = await askFileserver<PhoneTrace>(options, `/phones/${encodeURIComponent(phone)}`)
    io.stdout(options['json'] === true ? asJson(trace) : phoneText(trace))
    return 0
  },
}

function phonesText(phones: readonly PhoneTrace[]): string {
  if (phones.length === 0) return 'no phone was seen since the start\n'
  const rows = phones.map(({ address, phone, lastAt, boots, requests }) => {
    const last = boots.at(-1)?.lines.at(-1)
    return [
      describeTime(lastAt),
      address,
      describePhone(phone),
      String(requests),
      last?.asked ?? '',
      last === undefined ? '' : answerOf(last),
    ]
  })
  return table(['last seen', 'address', 'phone', 'requests', 'last request', 'answer'], rows, ['requests'])
}

const phoneText = ({ address, phone, boots }: PhoneTrace) =>
  `${address} ${describePhone(phone)}\n${boots.map(bootText).join('')}`

function bootText({ startedAt, lines, more }: Boot): string {
  const rows = lines.map((line) => [
    describeTime(line.at).slice(-8),
    `+${(line.gapMs / 1000).toFixed(1)} s`,
    `${line.protocol} ${line.port}`,
    line.asked,
    answerOf(line),
    String(line.bytes),
    `${line.ms}`,
    remarksOf(line),
  ])
  const rest = more === 0 ? '' : `and ${more} more requests\n`
  return `\nboot of ${describeTime(startedAt)}\n${table(['time', 'after', 'door', 'asked for', 'answer', 'bytes', 'ms', 'remarks'], rows, ['after', 'bytes', 'ms'])}${rest}`
}
