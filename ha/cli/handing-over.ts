import { systemClock } from '../../lib/base/clock.ts'
import { CommandError } from '../../lib/base/command.ts'
import type { PairStatus } from '../agent/views.ts'
import type { Origin } from './change.ts'
import type { Ask } from './node.ts'
import { pollStatus } from './wait.ts'

/** A planned change of the active node, seen from the status of any node. */

export interface Order extends Origin {
  to: string
  drainMs: number
}

export interface Reigning {
  active: string | undefined
  epoch: number
}

export interface Change {
  order: Order
  before: Reigning
}

export type HandOverStand = 'under way' | 'done' | 'rolled back'

/**
 * Whoever hands over takes the role back when the other node does not take it: then there is a new reign, of the same
 * node.
 */
export function standOf(before: Reigning, to: string, { active, epoch }: Reigning): HandOverStand {
  if (epoch <= before.epoch || active === undefined) return 'under way'
  return active === to ? 'done' : 'rolled back'
}

export const reigning = ({ active, epoch }: PairStatus): Reigning => ({ active, epoch })

/** The node that would be the next. */
export const otherNode = ({ nodes, active }: PairStatus): string | undefined =>
  nodes.find(({ name }) => name !== active)?.name

export const rolledBackText = ({ to }: Order, { active, epoch }: Reigning): string =>
  `rolled back: ${to} did not take over, ${active} is active again (epoch ${epoch})`

/** The rollback has its second, and etcd may be slow. */
const aroundMs = 15_000

export interface HandedOver {
  stand: Exclude<HandOverStand, 'under way'>
  after: Reigning
  ms: number
}

/** Gives the order and waits for its end. @throws CommandError when there is none */
export async function handOver(
  ask: Ask,
  { order, before }: Change,
  signal?: AbortSignal,
): Promise<HandedOver> {
  const startedMs = systemClock.now()
  await ask('/handover', { method: 'POST', body: { ...order, dryRun: false } })
  const { status } = await pollStatus(
    ask,
    (now) => (standOf(before, order.to, now) === 'under way' ? 'under way' : undefined),
    { timeoutMs: order.drainMs + aroundMs, clock: systemClock, ...(signal === undefined ? {} : { signal }) },
  )
  const stand = status === undefined ? 'under way' : standOf(before, order.to, status)
  if (status === undefined || stand === 'under way')
    throw new CommandError(`${order.to} has not taken over, nor has anybody else; \`ha explain\` tells why`)
  return { stand, after: reigning(status), ms: Math.round(systemClock.now() - startedMs) }
}
