import { systemClock, type Clock } from '../../lib/base/clock.ts'
import { CommandError } from '../../lib/base/command.ts'
import type { PairStatus } from '../agent/views.ts'
import type { Undone } from '../drill/dead-man.ts'
import { playFault } from '../drill/play.ts'
import type { Scenario } from '../drill/scenarios.ts'
import type { Origin } from './change.ts'
import type { Drill } from './drill-plan.ts'
import { handOver, otherNode, reigning, rolledBackText, type Reigning } from './handing-over.ts'
import type { Ask } from './node.ts'
import { pollStatus } from './wait.ts'

/** How it was once a scenario had been played. */
export interface Changed extends Reigning {
  failure?: string
  rolledBack?: boolean
}

export const endText = ({ active, epoch, failure }: Changed) =>
  failure ?? (active === undefined ? 'no node is active' : `${active} is active (epoch ${epoch})`)

export interface Context {
  ask: Ask
  origin: Origin
  clock: Clock
  signal: AbortSignal
  tell: (line: string) => void
}

/** Plays it. @throws CommandError when what comes of it is not known */
export async function changeBy(
  { scenario, status, lastsMs, fault }: Drill,
  context: Context,
): Promise<Changed> {
  if (fault === undefined) return byHandingOver(status, context)
  const left = await playFault(fault, lastsMs, context)
  const end = await settled(context.ask)
  return left.length === 0 ? end : { ...end, failure: `failed: ${leftText(scenario, left)}` }
}

const leftText = ({ name }: Scenario, left: readonly Undone[]) =>
  `${name} could not be taken back: ${left.map(({ act, why }) => `${act} (${why})`).join('; ')}`

const drainMs = 100

async function byHandingOver(status: PairStatus, { ask, origin, signal }: Context): Promise<Changed> {
  const order = { to: otherNode(status) ?? '', drainMs, ...origin }
  const { stand, after } = await handOver(ask, { order, before: reigning(status) }, signal)
  return stand === 'done' ? after : { ...after, failure: rolledBackText(order, after), rolledBack: true }
}

const settleMs = 30_000

/** Who is active once the agent here answers again. */
async function settled(ask: Ask): Promise<Reigning> {
  const { status } = await pollStatus(
    ask,
    ({ active }) => (active === undefined ? 'no node is active' : undefined),
    { timeoutMs: settleMs, clock: systemClock },
  )
  if (status === undefined)
    throw new CommandError(
      `the agent of this node does not answer ${settleMs / 1_000} s after the fault was taken back`,
    )
  return reigning(status)
}
