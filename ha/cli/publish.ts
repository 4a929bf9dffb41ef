import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { CommandError, UsageError, type OptionValues } from '../../lib/base/command.ts'
import type { PublishOrder, PublishProgress } from '../mirror/publisher.ts'
import { changeCommand, changeExits, confirmPlan, Declined, exits, originOf } from './change.ts'
import { followFileserver } from './node.ts'
import { only, wordIn } from './words.ts'

const roots = ['HTTPdata', 'HTTPSdata', 'TFTPdata'] as const

export const publishCommand = changeCommand({
  name: 'publish',
  summary: 'Puts a file, such as firmware, on both nodes, and lets phones see it once both have it.',
  usage: 'publish FILE --to HTTPdata [--as NAME] [--no-wait] [--yes] [--json] [--config FILE]',
  help: `
Run it on the active node.
${changeExits}
      --to FOLDER          ${roots.join(', ')}
      --as NAME            what phones call it; otherwise its own name
      --no-wait            lets phones see it at once, on the active node first
`,
  json: 'progress as lines of JSON',
  options: { to: { type: 'string' }, as: { type: 'string' }, 'no-wait': { type: 'boolean' } },
  async run({ words, options }, io) {
    const { order, bytes } = await orderOf(only(words, 'name one file'), options)
    await confirmPlan(io, options, {
      before: `${order.source} (${bytes} bytes) is with you`,
      after: `phones get ${order.root}/${order.name}${order.wait ? ' once both nodes have it' : ' at once'}`,
    })
    for await (const line of followFileserver<Line>(options, publishUrl(order, options))) {
      if ('message' in line) throw new Declined(line.message)
      io.stdout(options['json'] === true ? `${JSON.stringify(line)}\n` : progressText(line))
      if (line.step === 'published') return exits.done
    }
    throw new CommandError('the file server broke off; nothing was published')
  },
})

/** What the file server tells on its way; a message where it cannot go on. */
type Line = PublishProgress | { message: string }

export function progressText(progress: PublishProgress): string {
  switch (progress.step) {
    case 'copied':
      return `copied: ${progress.bytes} bytes, SHA-256 ${progress.sha256}\n`
    case 'sending':
      return `the other node has ${progress.sentBytes} of ${progress.bytes} bytes\n`
    case 'on the other node':
      return 'the other node has it\n'
    case 'published':
      return `phones get ${progress.path}\n`
  }
}

/** @throws UsageError, CommandError */
async function orderOf(
  given: string,
  options: OptionValues,
): Promise<{ order: PublishOrder; bytes: number }> {
  const root = roots.find((name) => name === wordIn(options, 'to'))
  if (root === undefined) throw new UsageError(`say where: --to ${roots.join(', ')}`)
  const source = resolve(given)
  const found = await stat(source).catch((cause: unknown) => {
    throw new CommandError(`${source} cannot be read`, { cause })
  })
  if (!found.isFile()) throw new CommandError(`${source} is no file`)
  const name = wordIn(options, 'as') ?? basename(source)
  return { order: { source, root, name, wait: options['no-wait'] !== true }, bytes: found.size }
}

function publishUrl({ source, root, name, wait }: PublishOrder, options: OptionValues): string {
  const query = new URLSearchParams({ source, root, name, wait: String(wait), ...originOf(options) })
  return `/pair/publish?${query.toString()}`
}
