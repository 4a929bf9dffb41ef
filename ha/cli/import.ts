import { isIP } from 'node:net'
import { CommandError, UsageError, type Command, type OptionValues } from '../../lib/base/command.ts'
import { chosenToml } from '../../lib/base/config-docs.ts'
import { readOldFile, writeSettings } from '../../lib/base/import/files.ts'
import { reportJson, reportText } from '../../lib/base/import/report.ts'
import { printable } from '../../lib/base/printable.ts'
import { asJson } from '../../lib/base/table.ts'
import { translatePair, type OldFile, type TranslatedPair } from '../heartbeat/translate.ts'
import { assignmentIn, wordsIn } from './options.ts'
import { wordIn } from './words.ts'

export const importCommand: Command = {
  name: 'import',
  summary: "Translates the old pair's heartbeat files and lists what it could not carry.",
  usage:
    'import <ha.cf> <haresources> [authkeys] [--address NAME=ADDRESS]... [--write FILE [--force]] [--json]',
  help: `
Prints lines for twintone.toml of both nodes, and on standard error what became of each old setting. Keys are never
carried or shown.
      --address NAME=ADDRESS  address of a node, which heartbeat did not keep; once for each
      --write FILE            write the lines there instead; a file that exists is kept
      --force                 overwrite it
      --json                  the report as JSON, also on standard error
Exit code 0: translated, whatever had to be left out; 1: a file could not be read, understood or written.`,
  options: {
    address: { type: 'string', multiple: true },
    write: { type: 'string' },
    force: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run({ words, options }, io) {
    const translated = await translateFiles(words, addressesOf(options))
    const toml = `${heading}\n\n${chosenToml(translated.settings)}`
    const target = wordIn(options, 'write')
    if (options['force'] === true && target === undefined) throw new UsageError('--force is about --write')
    if (target === undefined) io.stdout(toml)
    else await writeSettings(target, toml, { force: options['force'] === true })
    if (options['json'] === true) io.stderr(asJson(reportJson(translated.reports)))
    else io.stderr(`${reportText(translated.reports)}\n${nextStep(translated)}\n`)
    return 0
  },
}

const heading =
  '# For twintone.toml of both nodes: put the lines below the headings that the file has already.'

async function translateFiles(
  [haCf, haresources, authkeys, ...more]: readonly string[],
  addresses: ReadonlyMap<string, string>,
): Promise<TranslatedPair> {
  if (haCf === undefined || haresources === undefined || more.length > 0)
    throw new UsageError('name ha.cf and haresources, and authkeys if you like')
  const translated = translatePair({
    haCf: await readOld(haCf, 'ha.cf'),
    haresources: await readOld(haresources, 'haresources'),
    ...(authkeys === undefined ? {} : { authkeys: await readOld(authkeys, 'authkeys') }),
    addresses,
  })
  if (translated.known.haCf === 0) throw new CommandError(`${haCf} has none of the directives of ha.cf`)
  if (translated.known.haresources === 0) throw new CommandError(`${haresources} names no node`)
  return translated
}

const readOld = async (file: string, kind: string): Promise<OldFile> => ({
  file,
  text: await readOldFile(file, kind),
})

function addressesOf(options: OptionValues): ReadonlyMap<string, string> {
  return new Map(
    wordsIn(options, 'address').map((text) => {
      const { name = '', value = '' } = assignmentIn(text) ?? {}
      if (isIP(value) === 0) throw new UsageError(`--address ${text}: write NAME=ADDRESS`)
      return [name, value]
    }),
  )
}

/** What makes the keys, and a whole [pair]: with all that is known already. */
function nextStep({ nodes, settings }: TranslatedPair): string {
  const rows = (settings['pair.nodes'] ?? []) as { name: string; address: string }[]
  const given = (setting: string) => (settings[setting] ?? []) as string[]
  const network = settings['pair.interface']
  const words = [
    ...nodes.map((name) => `--node ${name}=${rows.find((row) => row.name === name)?.address ?? 'ADDRESS'}`),
    ...given('pair.vip').map((address) => `--vip ${address}`),
    typeof network === 'string' ? `--interface ${network}` : '--interface NAME',
    '--etcd HOST:2379 (three of them)',
  ]
  return printable(`next: ha init --cluster NAME ${words.join(' ')}`, 2_000)
}
