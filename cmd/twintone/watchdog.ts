import { userInfo } from 'node:os'
import { UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson, table } from '../../lib/base/table.ts'
import { describeDuration } from '../../lib/status/words.ts'
import type { ChannelStatus, TestResult } from '../../watchdog/alerts/telling.ts'
import type { ClosedIncident, Incident } from '../../watchdog/incidents.ts'
import type { Finding } from '../../watchdog/probe.ts'
import type { ProbeView, View } from '../../watchdog/supervision.ts'
import { verdictOf } from '../../watchdog/page.ts'
import { askWatchdog } from './node.ts'

const help = `
  watchdog status                       how each probe stands, what is open, how alerts get through
  watchdog incidents                    open and closed ones
  watchdog incident <id>                one: what, why, what was tried
  watchdog probe <name>                 asks one now, such as "tftp 69"
  watchdog test-alert                   one message each way, at once
  watchdog acknowledge <id>             no more reminders
  watchdog snooze <id> --for 2h         no reminders for so long
  watchdog maintenance on --for 30m --why "new firmware"
  watchdog maintenance off              nothing is judged, mended or told during maintenance

Exit code of status: 0 all is well, 1 something is not, or it does not run.
${nodeHelp}
      --json  as JSON`

type Status = View & { channels: ChannelStatus[] }
type Verb = (words: readonly string[], options: OptionValues, io: Io) => Promise<number>

export const watchdogCommand: Command = {
  name: 'watchdog',
  summary: 'Shows what the watchdog sees, and tells it what to do.',
  usage:
    'watchdog status|incidents|incident|probe|test-alert|acknowledge|snooze|maintenance [...] [--json] [--config FILE]',
  help,
  options: {
    ...nodeOptions,
    json: { type: 'boolean' },
    for: { type: 'string' },
    why: { type: 'string' },
  },
  async run({ words: [verb = '', ...words], options }, io) {
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
    if (run === undefined) throw new UsageError(`say one of ${Object.keys(verbs).join(', ')}`)
    return run(words, options, io)
  },
}

const verbs: Readonly<Record<string, Verb>> = {
  async status(_words, options, io) {
    const now = await askWatchdog<Status>(options, '/status')
    show(io, options, now, statusText)
    return now.open.length === 0 ? 0 : 1
  },
  async incidents(_words, options, io) {
    const { open, closed } = await askWatchdog<Status>(options, '/status')
    show(io, options, { open, closed }, incidentsText)
    return 0
  },
  async incident(words, options, io) {
    const id = only(words, 'name one incident')
    const { open, closed } = await askWatchdog<Status>(options, '/status')
    const found = [...open, ...closed].find((incident) => incident.id === id)
    if (found === undefined) {
      io.stderr(`there is no incident ${id}\n`)
      return 1
    }
    show(io, options, found, incidentText)
    return 0
  },
  async probe(words, options, io) {
    const query = new URLSearchParams({ name: only(words, 'name one probe') })
    const call = { method: 'POST', timeoutMs: 60_000 } as const
    const finding = await askWatchdog<Finding>(options, `/probe?${query.toString()}`, call)
    show(io, options, finding, findingText)
    return finding.outcome === 'ok' ? 0 : 1
  },
  async 'test-alert'(_words, options, io) {
    const call = { method: 'POST', timeoutMs: 120_000 } as const
    const results = await askWatchdog<TestResult[]>(options, '/test-alert', call)
    show(io, options, results, testText)
    return results.every(({ outcome }) => outcome === 'told') ? 0 : 1
  },
  acknowledge: (words, options, io) => quiet(words, options, io),
  snooze: (words, options, io) => quiet(words, options, io, minutesIn(options)),
  async maintenance([how], options, io) {
    if (how === 'off') {
      await askWatchdog(options, '/maintenance', { method: 'DELETE' })
      io.stdout('maintenance is over\n')
      return 0
    }
    const { why } = options
    if (how !== 'on' || typeof why !== 'string')
      throw new UsageError('say `maintenance on --for 30m --why ...`, or `maintenance off`')
    const minutes = minutesIn(options)
    await askWatchdog(options, '/maintenance', { method: 'POST', body: { minutes, why } })
    io.stdout(`in maintenance for ${describeDuration(minutes * 60)}\n`)
    return 0
  },
}

async function quiet(
  words: readonly string[],
  options: OptionValues,
  io: Io,
  minutes?: number,
): Promise<number> {
  const incident = only(words, 'name one open incident')
  const body = { incident, by: userInfo().username, ...(minutes === undefined ? {} : { minutes }) }
  await askWatchdog(options, '/quiet', { method: 'POST', body })
  io.stdout(
    minutes === undefined
      ? `${incident} is acknowledged\n`
      : `${incident} sleeps for ${describeDuration(minutes * 60)}\n`,
  )
  return 0
}

function only([word, ...more]: readonly string[], what: string): string {
  if (word === undefined || more.length > 0) throw new UsageError(what)
  return word
}

/** `30m`, `2h`, `1d`. */
function minutesIn({ for: given }: OptionValues): number {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(typeof given === 'string' ? given : '') ?? []
  if (count === undefined || count === '0') throw new UsageError('say how long: --for 30m, 2h or 1d')
  return Number(count) * (unit === 'd' ? 1_440 : unit === 'h' ? 60 : 1)
}

function show<T>(io: Io, options: OptionValues, answer: T, text: (answer: T) => string): void {
  io.stdout(options['json'] === true ? asJson(answer) : text(answer))
}

function statusText(now: Status): string {
  const probes = table(['probe', 'state', 'for', 'misses', 'ms', 'usual', 'why'], now.probes.map(probeRow), [
    'misses',
    'ms',
    'usual',
  ])
  const channels = now.channels.map(
    ({ name, waiting, lastError }) =>
      `${name}: ${waiting} waiting${lastError === undefined ? '' : `; ${lastError}`}\n`,
  )
  return `${verdictOf(now)}\n\n${probes}\n${now.open.length === 0 ? '' : `${openText(now.open)}\n`}${channels.join('')}`
}

const probeRow = ({ name, state, forMs, counter, last, normalMs, why, warning }: ProbeView) => [
  name,
  state,
  describeDuration(forMs / 1_000),
  String(counter),
  last === undefined || last.finding.outcome === 'blind' ? '' : String(Math.round(last.finding.ms)),
  normalMs === undefined ? '' : String(Math.round(normalMs)),
  warning ?? why,
]

const openText = (open: readonly Incident[]) =>
  table(
    ['incident', 'since', 'about', 'why'],
    open.map(({ id, opened, probes, why }) => [id, opened, probes.join(', '), why]),
  )

function incidentsText({ open, closed }: Pick<View, 'open' | 'closed'>): string {
  const rows = closed
    .toReversed()
    .map(({ id, opened, closed: ended, probes, cure }) => [id, opened, ended, probes.join(', '), cure])
  const past = rows.length === 0 ? '' : table(['incident', 'from', 'to', 'about', 'mended by'], rows)
  return `${open.length === 0 ? 'nothing is open\n' : openText(open)}${past === '' ? '' : `\n${past}`}`
}

function incidentText(incident: Incident | ClosedIncident): string {
  const { id, opened, probes, severity, why, tried, acknowledgedBy } = incident
  const end = 'closed' in incident ? `until   ${incident.closed}, mended by ${incident.cure}\n` : ''
  const acts = tried.map(
    ({ rung, probe, began, ok, why: how }) =>
      `  ${began} ${rung} of ${probe}: ${ok ? 'done' : 'failed'}, ${how}\n`,
  )
  return `${id} (${severity})\nsince   ${opened}\n${end}about   ${probes.join(', ')}\nwhy     ${why}\n${acknowledgedBy === undefined ? '' : `known to ${acknowledgedBy}\n`}${acts.length === 0 ? '' : `tried\n${acts.join('')}`}`
}

const findingText = (finding: Finding) =>
  finding.outcome === 'ok'
    ? `well, ${Math.round(finding.ms)} ms${Object.entries(finding.phases)
        .map(([phase, ms]) => `, ${phase} ${Math.round(ms)}`)
        .join('')}${finding.warning === undefined ? '' : `\n${finding.warning}`}\n`
    : `${finding.outcome}: ${finding.why}\n`

const testText = (results: readonly TestResult[]) =>
  results.length === 0
    ? 'no way of telling is set up\n'
    : results
        .map(
          (result) =>
            `${result.name}: ${result.outcome === 'told' ? `told in ${Math.round(result.ms)} ms` : result.why}\n`,
        )
        .join('')
