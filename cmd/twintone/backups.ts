import { UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson, table } from '../../lib/base/table.ts'
import { describeBytes, describeTime } from '../../lib/status/words.ts'
import type { BackupChange, BackupItem } from '../../lib/users/backup-text.ts'
import type { Content, Difference, FileSummary, Restored, VersionSummary } from '../../lib/users/backups.ts'
import { askFileserver } from './node.ts'

const help = `
  backups list [extension] [--deleted]       users' files, or those that were deleted and can be brought back
  backups versions <file|extension>          what is kept of one
  backups show <file|extension> [--version N] [--raw]
                                             what is in it, for a person; --raw writes its bytes
  backups diff <file|extension> [FROM [TO]]  what changed: contacts, labels, options; otherwise the last change
  backups restore <file|extension> [--version N] [--to EXTENSION] [--as 96xxdata.txt] [--dry-run]
                                             makes an older version the current one, or gives a version to another
                                             extension or type of phone; what was there before stays a version
  backups undelete <file|extension>

An extension stands for its file when it has only one.
${nodeHelp}
      --json  as JSON`

type Verb = (words: readonly string[], options: OptionValues, io: Io) => Promise<void>

export const backupsCommand: Command = {
  name: 'backups',
  summary: "Lists, shows, compares and restores users' backups.",
  usage: 'backups list|versions|show|diff|restore|undelete [...] [--json] [--config FILE]',
  help,
  options: {
    ...nodeOptions,
    json: { type: 'boolean' },
    deleted: { type: 'boolean' },
    raw: { type: 'boolean' },
    version: { type: 'string' },
    to: { type: 'string' },
    as: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  async run({ words: [verb = '', ...words], options }, io) {
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
    if (run === undefined) throw new UsageError(`say one of ${Object.keys(verbs).join(', ')}`)
    await run(words, options, io)
    return 0
  },
}

const verbs: Readonly<Record<string, Verb>> = {
  async list([extension, ...more], options, io) {
    if (more.length > 0) throw new UsageError('name one extension, or none')
    const query = new URLSearchParams({
      ...(extension === undefined ? {} : { extension }),
      ...(options['deleted'] === true ? { deleted: 'yes' } : {}),
    })
    const files = await askFileserver<FileSummary[]>(options, `/backups?${query.toString()}`)
    show(io, options, files, listText)
  },
  async versions(words, options, io) {
    const versions = await askFileserver<VersionSummary[]>(options, about('history', only(words)))
    show(io, options, versions, versionsText)
  },
  async show(words, options, io) {
    const content = await askFileserver<Content>(
      options,
      about('content', only(words), { version: version(options) }),
    )
    if (options['raw'] === true) io.stdout(Buffer.from(content.base64, 'base64'))
    else show(io, options, content, contentText)
  },
  async diff([of, from, to, ...more], options, io) {
    if (of === undefined || more.length > 0) throw new UsageError('name one file, and up to two versions')
    const url = about('diff', of, { from: number(from), to: number(to) })
    show(io, options, await askFileserver<Difference>(options, url), (found) => differenceText(found, io))
  },
  async restore(words, options, io) {
    const { to, as } = options
    const body = {
      ...(version(options) === undefined ? {} : { version: Number(version(options)) }),
      ...(typeof to === 'string' ? { to } : {}),
      ...(typeof as === 'string' ? { as } : {}),
      dryRun: options['dry-run'] === true,
    }
    const call = { method: 'POST', body } as const
    const restored = await askFileserver<Restored>(options, about('restore', only(words)), call)
    show(io, options, restored, (found) => restoredText(found, io))
  },
  async undelete(words, options, io) {
    const call = { method: 'POST' } as const
    const done = await askFileserver<{ name: string }>(options, about('undelete', only(words)), call)
    show(io, options, done, ({ name }) => `${name} is back\n`)
  },
}

function show<T>(io: Io, options: OptionValues, answer: T, text: (answer: T) => string): void {
  io.stdout(options['json'] === true ? asJson(answer) : text(answer))
}

function only([of, ...more]: readonly string[]): string {
  if (of === undefined || more.length > 0) throw new UsageError('name one file or extension')
  return of
}

function about(what: string, of: string, more: Record<string, string | undefined> = {}): string {
  const given = Object.entries(more).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return `/backups/${what}?${new URLSearchParams([['of', of], ...given]).toString()}`
}

const version = ({ version: given }: OptionValues) => number(typeof given === 'string' ? given : undefined)

function number(text: string | undefined): string | undefined {
  if (text !== undefined && !/^\d{1,15}$/.test(text))
    throw new UsageError(`"${text}" is no number of a version`)
  return text
}

function listText(files: readonly FileSummary[]): string {
  if (files.length === 0) return 'there are none\n'
  const rows = files.map((file) => [
    file.name,
    describeTime(Date.parse(file.at)),
    describeBytes(file.bytes),
    String(file.versions),
    whoText(file),
    remarkText(file),
  ])
  return table(['file', 'saved', 'size', 'versions', 'by', 'remarks'], rows, ['size', 'versions'])
}

function versionsText(versions: readonly VersionSummary[]): string {
  const rows = versions.map((each) => [
    String(each.version),
    describeTime(Date.parse(each.at)),
    each.deleted ? 'deleted' : describeBytes(each.bytes),
    whoText(each),
    remarkText(each),
  ])
  return table(['version', 'saved', 'size', 'by', 'remarks'], rows, ['version', 'size'])
}

const whoText = ({ by: { protocol, address, model } }: VersionSummary) =>
  [model, address, protocol].filter((part) => part !== undefined && part !== '').join(' ')

const remarkText = ({ by, shrankFrom }: VersionSummary) =>
  [by.why, shrankFrom === undefined ? undefined : `much smaller than version ${shrankFrom}, which is kept`]
    .filter((part) => part !== undefined)
    .join('; ')

const contentText = ({ name, version: number_, items, base64 }: Content) =>
  items === undefined
    ? `${name}, version ${number_}: not a backup that can be read line by line; --raw writes its ${Buffer.byteLength(base64, 'base64')} bytes\n`
    : `${name}, version ${number_}\n${table(
        ['what', 'name', 'value'],
        items.map(({ group, id, text }) => [group, id, text]),
      )}`

function differenceText({ name, from, to, changes, bytes }: Difference, io: Io): string {
  const versions = from === undefined ? `version ${to}, the first` : `version ${from} -> ${to}`
  const sizes = `${describeBytes(bytes.from)} -> ${describeBytes(bytes.to)}`
  return `${name}: ${versions}, ${sizes}\n${changesText(changes, io)}`
}

function restoredText(restored: Restored, io: Io): string {
  const { name, from, to, changes, dryRun } = restored
  const was = from === undefined ? 'nothing was there' : `version ${from} was current`
  const head = dryRun ? `${name} would change (${was}):` : `${name} is now version ${to} (${was}):`
  return `${head}\n${changesText(changes, io)}`
}

function changesText(changes: readonly BackupChange[] | undefined, { colour }: Io): string {
  if (changes === undefined) return '  not a backup that can be compared line by line\n'
  if (changes.length === 0) return '  nothing a user would notice\n'
  const painted = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  return changes
    .map(({ kind, item, before }) => {
      if (kind === 'changed') return `  ~ ${titled(item)}: ${before} -> ${item.text}\n`
      return `${painted(kind === 'added' ? 32 : 31, `  ${kind === 'added' ? '+' : '-'} ${titled(item)}: ${item.text}`)}\n`
    })
    .join('')
}

const titled = ({ group, id }: BackupItem) => (group === 'favourite' ? id : `${group} ${id}`)
