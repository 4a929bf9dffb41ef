import { UsageError, type OptionValues } from '../../lib/base/command.ts'
import { configOf } from '../../lib/base/node-options.ts'
import type { PairStatus } from '../agent/views.ts'
import { obstacles, type Fault, type Scenario } from '../drill/scenarios.ts'
import { Declined, type Plan } from './change.ts'
import { otherNode } from './handing-over.ts'
import { judge } from '../agent/judge.ts'
import { durationIn, wordIn } from './words.ts'

/** A scenario that can be played here and now. */
export interface Drill {
  scenario: Scenario
  status: PairStatus
  lastsMs: number
  fault: Fault | undefined
}

/** @throws Declined, UsageError */
export async function drillOf(scenario: Scenario, status: PairStatus, options: OptionValues): Promise<Drill> {
  const no = whyNot(scenario, status, options)
  if (no !== undefined) throw new Declined(no)
  const lastsMs = lastsMsIn(scenario, options)
  return { scenario, status, lastsMs, fault: await faultOf(scenario, status, options) }
}

/** What speaks against playing it now. */
function whyNot(scenario: Scenario, status: PairStatus, options: OptionValues): string | undefined {
  const against = [...obstacles(scenario, status)]
  if (against.length > 0) return against.join('; ')
  const { answer, checks } = judge(status)
  const open = checks
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ name, why }) => `${name}: ${why}`)
    .join('; ')
  if (answer === 'cannot' || answer === 'down') return `the other node could not take over (${open})`
  if (answer === 'degraded' && options['despite-warnings'] !== true)
    return `there are warnings (${open}); --despite-warnings plays it all the same`
  if (scenario.cutsOff && !hasPlaceToMeasure(options))
    return `${scenario.name} cuts this host off, so nothing can be measured from here: say --probe-from HOST or --no-measure`
  return undefined
}

const hasPlaceToMeasure = (options: OptionValues) =>
  wordIn(options, 'probe-from') !== undefined ||
  options['no-measure'] === true ||
  options['from-here'] === true

const longestMs = 300_000

function lastsMsIn({ fault, lastsMs }: Scenario, options: OptionValues): number {
  if (fault === undefined) return 0
  const asked = durationIn(options, 'for', lastsMs)
  if (asked < 1_000 || asked > longestMs) throw new UsageError('a fault lasts from 1s to 5m')
  return asked
}

async function faultOf(
  { fault, name }: Scenario,
  status: PairStatus,
  options: OptionValues,
): Promise<Fault | undefined> {
  try {
    return await fault?.({ status, config: configOf(options) })
  } catch (error) {
    throw new Declined(
      `${name} cannot be played here: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

export const drillPlan = ({ scenario, status, lastsMs }: Omit<Drill, 'fault'>): Plan => ({
  before: `${status.active} is active (epoch ${status.epoch}), both nodes in sync`,
  after:
    lastsMs === 0
      ? `${otherNode(status)} is active`
      : `${scenario.summary}; taken back after ${lastsMs / 1_000} s, by a process of its own if need be`,
})
