import { CommandError, UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson, table } from '../../lib/base/table.ts'
import type { MonthSummary, RunReport } from '../../lib/users/archive/archive.ts'
import type { RestoreReport } from '../../lib/users/archive/restore.ts'
import { describeBytes, describeTime } from '../../lib/status/words.ts'
import { askFileserver, followFileserver } from './node.ts'

const help = `
  archive list                    the months there are
  archive run [2026-11]           archives a month now: the one before this, or the one named; this month as it stands
  archive restore 2026-11 [file]  puts a month's files, or one, back as new versions; what was there stays a version

Each month is archived by itself when it is over, unless archive.enabled is false.
Exit code 1: something is missing or damaged; the output says what.
${nodeHelp}
      --json  as JSON`

export const archiveCommand: Command = {
  name: 'archive',
  summary: "Lists, makes and restores the monthly archives of users' data.",
  usage: 'archive list|run|restore [...] [--json] [--config FILE]',
  help,
  options: { ...nodeOptions, json: { type: 'boolean' } },
  async run({ words: [verb, ...words], options }, io) {
    if (verb === 'list' && words.length === 0) return list(options, io)
    if (verb === 'run' && words.length < 2) return runNow(words[0], options, io)
    if (verb === 'restore' && words[0] !== undefined && words.length < 3)
      return restore(words[0], words[1], options, io)
    throw new UsageError('say `list`, `run [month]` or `restore <month> [file]`')
  },
}

async function list(options: OptionValues, io: Io): Promise<number> {
  const months = await askFileserver<MonthSummary[]>(options, '/archive')
  if (options['json'] === true) io.stdout(asJson(months))
  else io.stdout(months.length === 0 ? 'no month is archived yet\n' : monthsText(months))
  return months.every((month) => !('damaged' in month) && month.missing.length === 0) ? 0 : 1
}

function monthsText(months: readonly MonthSummary[]): string {
  const rows = months.map((month) =>
    'damaged' in month
      ? [month.month, '', '', '', `damaged: ${month.damaged}`]
      : [
          month.month,
          String(month.files),
          describeBytes(month.bytes),
          describeTime(Date.parse(month.madeAt)),
          [month.complete ? '' : 'not over yet', ...month.missing.map((name) => `${name} is missing`)]
            .filter(Boolean)
            .join('; '),
        ],
  )
  return table(['month', 'files', 'size', 'made', 'remarks'], rows, ['files', 'size'])
}

type RunLine = { done: number; total: number; name: string } | { report: RunReport } | { problem: string }

async function runNow(month: string | undefined, options: OptionValues, io: Io): Promise<number> {
  const query = month === undefined ? '' : `?${new URLSearchParams({ month }).toString()}`
  for await (const line of followFileserver<RunLine>(options, `/archive/run${query}`)) {
    if ('problem' in line) throw new CommandError(line.problem)
    if ('report' in line) return reported(line.report, options, io)
    if (io.colour) io.stderr(`\r\x1b[K${line.done} of ${line.total}: ${line.name}`)
  }
  throw new CommandError('the node ended before the archive was whole; it goes on at the next run')
}

function reported(report: RunReport, options: OptionValues, io: Io): number {
  if (io.colour) io.stderr('\r\x1b[K')
  io.stdout(options['json'] === true ? asJson(report) : reportText(report))
  return report.outcome === 'written' && report.missing.length > 0 ? 1 : 0
}

function reportText(report: RunReport): string {
  const { month } = report
  if (report.outcome === 'nothing') return `${month}: there was nothing to archive\n`
  if (report.outcome === 'there') return `${month} is archived already\n`
  const { files, bytes, reused, missing } = report
  const again = reused === 0 ? '' : `, ${reused} of them from a run that broke off`
  const lacking = missing.map((name) => `  ! ${name} could not be read\n`).join('')
  return `${month}: ${files} files, ${describeBytes(bytes)}, each read back${again}\n${lacking}`
}

async function restore(
  month: string,
  file: string | undefined,
  options: OptionValues,
  io: Io,
): Promise<number> {
  const query = new URLSearchParams({ month, ...(file === undefined ? {} : { of: file }) })
  const call = { method: 'POST', timeoutMs: 600_000 } as const
  const report = await askFileserver<RestoreReport>(options, `/archive/restore?${query.toString()}`, call)
  io.stdout(options['json'] === true ? asJson(report) : restoreText(report))
  return report.refused.length === 0 ? 0 : 1
}

const restoreText = ({ restored, unchanged, refused }: RestoreReport) =>
  [
    `${restored.length} files restored, ${unchanged.length} were the same already\n`,
    ...restored.map((name) => `  ${name}\n`),
    ...refused.map(({ name, why }) => `  ! ${name}: ${why}\n`),
  ].join('')
