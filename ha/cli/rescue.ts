import { UsageError, type Io, type OptionValues } from '../../lib/base/command.ts'
import { show, table } from '../../lib/base/table.ts'
import type { Rescued } from '../../lib/users/twin/rescue.ts'
import { changeCommand, changeExits, confirmPlan, Declined, exits, originOf } from './change.ts'
import { fileserverOf } from './node.ts'
import { clockTime, none, only } from './words.ts'

const help = `
  rescue list              what this node has set aside: saves that were never acknowledged, files changed by hand
  rescue restore <id>      makes one the current content again; what is current now stays a version

Files of the served folders that "ha resync" moved away lie beside them, in .state/rescue/drift-... of the data folder.
Nothing that is set aside is ever deleted by itself.
${changeExits}
`

export const rescueCommand = changeCommand({
  name: 'rescue',
  summary: 'Lists what was set aside when the nodes had come apart, and brings it back.',
  usage: 'rescue list | rescue restore <id> [--yes] [--json] [--config FILE]',
  help,
  async run({ words: [verb, ...words], options }, io) {
    if (verb === 'list') {
      none(words)
      return list(options, io)
    }
    if (verb === 'restore') return restore(only(words, 'name one, by its id'), options, io)
    throw new UsageError('say `rescue list` or `rescue restore <id>`')
  },
})

/** Oldest first. */
const rescuedOn = async (options: OptionValues) =>
  (await fileserverOf(options)<{ rescued: Rescued[] }>('/pair/rescued')).rescued

async function list(options: OptionValues, io: Io): Promise<number> {
  const all = await rescuedOn(options)
  show(io, options, all, rescuedText(all))
  return exits.done
}

export const rescuedText = (all: readonly Rescued[]): string =>
  all.length === 0
    ? 'nothing is set aside on this node\n'
    : table(
        ['id', 'set aside', 'file', 'bytes', 'saved', 'why'],
        all.map(({ id, name, rescuedAt, size, hash, at, why }) => [
          id,
          clockTime(rescuedAt),
          name,
          hash === undefined ? 'none' : String(size ?? ''),
          at === undefined ? '' : clockTime(at),
          why,
        ]),
        ['bytes'],
      )

async function restore(id: string, options: OptionValues, io: Io): Promise<number> {
  const found = (await rescuedOn(options)).find((each) => each.id === id)
  if (found === undefined)
    throw new Declined(`nothing is set aside as ${id}; \`ha rescue list\` shows what is`)
  if (found.hash === undefined)
    throw new Declined(`${id} is no content (${found.why}); there is nothing to restore`)
  await confirmPlan(io, options, {
    before: `${found.name} has the content that both nodes agree on`,
    after: `${found.name} has what was set aside at ${clockTime(found.rescuedAt)}; the former stays a version`,
  })
  const { by } = originOf(options)
  const answer = await fileserverOf(options)<object>('/pair/rescued/restore', {
    method: 'POST',
    body: { id, by },
  })
  show(io, options, answer, `${found.name} is restored\n`)
  return exits.done
}
