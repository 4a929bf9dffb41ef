import { CommandError, UsageError, type Command } from '../../lib/base/command.ts'
import { exampleToml } from '../../lib/base/config-docs.ts'
import { readOldFile, writeSettings } from '../../lib/base/import/files.ts'
import { reportJson, reportText } from '../../lib/base/import/report.ts'
import { asJson } from '../../lib/base/table.ts'
import { parseIni } from '../import/ini.ts'
import { mvIptel } from '../import/mv-iptel.ts'
import { mvWatchdog } from '../import/mv-watchdog.ts'
import type { RuleTable } from '../import/rules.ts'
import { translate } from '../import/translate.ts'

export const importCommand: Command = {
  name: 'import',
  summary: "Translates the old product's settings and lists what it could not carry.",
  usage: 'import <MV_IPTel.ini> [MV_WatchDog.ini] [--output FILE [--force]] [--json]',
  help: `
Prints our settings file, and on standard error what became of each old setting. Passwords are never carried.
      --output FILE  write the settings there instead; a file that exists is kept
      --force        overwrite it
      --json         the report as JSON, also on standard error
Exit code 0: translated, whatever had to be left out; 1: a file could not be read, understood or written.`,
  options: { output: { type: 'string' }, force: { type: 'boolean' }, json: { type: 'boolean' } },
  async run({ words: [iptel, watchdog, ...more], options: { output, force, json } }, io) {
    if (iptel === undefined || more.length > 0)
      throw new UsageError('name MV_IPTel.ini, and MV_WatchDog.ini if you like')
    if (force === true && output === undefined) throw new UsageError('--force is about --output')
    const reports = [await translateFile(iptel, mvIptel, 'MV_IPTel.ini')]
    if (watchdog !== undefined) reports.push(await translateFile(watchdog, mvWatchdog, 'MV_WatchDog.ini'))
    const toml = exampleToml(Object.assign({}, ...reports.map(({ settings }) => settings)))
    if (typeof output === 'string') await writeSettings(output, toml, { force: force === true })
    else io.stdout(toml)
    io.stderr(json === true ? asJson(reportJson(reports)) : reportText(reports))
    if (typeof output === 'string' && json !== true)
      io.stderr(`\nwrote ${output}; next: \`twintone check --config ${output}\`\n`)
    return 0
  },
}

async function translateFile(file: string, table: RuleTable, kind: string) {
  const translation = translate(parseIni(await readOldFile(file, kind)), table)
  if (translation.known === 0) throw new CommandError(`${file} has none of the settings of ${kind}`)
  return { file, ...translation }
}
