import { systemClock } from '../../lib/base/clock.ts'
import type { Io, OptionValues } from '../../lib/base/command.ts'
import { configOf } from '../../lib/base/node-options.ts'
import { listenForStop } from '../../lib/base/process.ts'
import { show } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import { measureAround, type Meter } from '../drill/play.ts'
import { reportOf, reportText, type DrillFacts } from '../drill/report.ts'
import type { Scenario } from '../drill/scenarios.ts'
import { confirmPlan, exits, originOf } from './change.ts'
import { changeBy, endText, type Changed, type Context } from './drill-change.ts'
import { drillOf, drillPlan, type Drill } from './drill-plan.ts'
import { everyMsIn, keepReport, localMeter, ownTargets, remoteMeter } from './measuring.ts'
import { agentOf } from './node.ts'
import { wordIn } from './words.ts'

/** Plays one scenario. @returns the exit code */
export async function runDrill(scenario: Scenario, options: OptionValues, io: Io): Promise<number> {
  const ask = agentOf(options)
  const drill = await drillOf(scenario, await ask<PairStatus>('/status'), options)
  await confirmPlan(io, options, drillPlan(drill))
  const meter = await meterFor(drill, options, io)
  const stop = listenForStop(() => io.stderr('ends early; the fault is taken back\n'))
  const tell = (line: string) => io.stderr(`${line}\n`)
  const context = { ask, origin: originOf(options), clock: systemClock, signal: stop.signal, tell }
  try {
    return meter === undefined
      ? await playOnly(drill, context, options, io)
      : await playMeasured(drill, meter, context, options, io)
  } finally {
    stop.dispose()
  }
}

/** The nodes need a while after the fault, and the prober to see it. */
const afterMs = 10_000

async function meterFor(
  { scenario, lastsMs }: Drill,
  options: OptionValues,
  io: Io,
): Promise<Meter | undefined> {
  if (options['no-measure'] === true) return undefined
  const host = wordIn(options, 'probe-from')
  if (host !== undefined) return remoteMeter(host, { options, forMs: lastsMs + leadMs + afterMs }, io)
  if (scenario.cutsOff)
    io.stderr(`${scenario.name} cuts this host off: the gap is as long as the fault at least\n`)
  return localMeter(ownTargets(configOf(options), everyMsIn(options)), io)
}

/** What a remote prober needs to begin. */
const leadMs = 6_000

async function playOnly(drill: Drill, context: Context, options: OptionValues, io: Io): Promise<number> {
  const changed = await changeBy(drill, context)
  show(io, options, changed, `${endText(changed)}\n`)
  if (changed.rolledBack === true) return exits.rolledBack
  return changed.failure === undefined ? exits.done : exits.failed
}

async function playMeasured(
  drill: Drill,
  meter: Meter,
  context: Context,
  options: OptionValues,
  io: Io,
): Promise<number> {
  const at = systemClock.wallTime().toISOString()
  const { changed, measured } = await measureAround(meter, context, async () => {
    const startedMs = systemClock.now()
    const end = await changeBy(drill, context)
    return { ...end, ms: Math.round(systemClock.now() - startedMs) }
  })
  const report = reportOf(factsOf(drill, { at, ...changed }, options), measured, changed.failure)
  await keepReport(context.ask, report, io)
  show(io, options, report, reportText(report))
  if (changed.rolledBack === true) return exits.rolledBack
  return report.passed ? exits.done : exits.missed
}

function factsOf(
  { scenario, status }: Drill,
  { at, ms, active, epoch }: Changed & { at: string; ms: number },
  options: OptionValues,
): DrillFacts {
  const { plannedGapMs, failureGapMs } = configOf(options).pairDrill
  return {
    scenario: scenario.name,
    at,
    ...originOf(options),
    ms,
    from: { node: status.active ?? '', epoch: status.epoch },
    to: { node: active ?? '', epoch },
    objectiveMs: scenario.objective === 'planned' ? plannedGapMs : failureGapMs,
  }
}
