import { systemClock } from '../../lib/base/clock.ts'
import { CommandError, UsageError, type Io, type OptionValues } from '../../lib/base/command.ts'
import { show } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import { confirmByName, Declined, exits, originOf } from './change.ts'
import { agentOf } from './node.ts'
import { pollStatus } from './wait.ts'
import { wordIn } from './words.ts'

/** What is not on this node, as far as it knows. */
export interface MayBeLost {
  /** It was in sync when the other node was last heard of: then nothing is lost. */
  complete: boolean
  lastSeq: number
  behindBy?: number
}

/** It watches that nobody else is active, and asks etcd; after this long it will not come any more. */
const withinMs = 20_000

/** The active node is dead: this one takes over though acknowledged saves may be missing here. */
export async function takeOverByForce(options: OptionValues, io: Io): Promise<number> {
  const ask = agentOf(options)
  const { node } = await ask<PairStatus>('/status')
  checkNode(options, node)
  const order = originOf(options)
  const call = (dryRun: boolean) => ({ method: 'POST', body: { ...order, dryRun } }) as const
  const { mayBeLost } = await ask<{ mayBeLost: MayBeLost }>('/force', call(true))
  io.stderr(lossText(node, mayBeLost))
  if (options['dry-run'] === true) {
    show(io, options, { possible: true, mayBeLost }, 'it could be done\n')
    return exits.done
  }
  if (options['accept-data-loss'] !== true)
    throw new Declined('say --accept-data-loss with --force if that is to be borne; nothing was changed')
  await confirmByName(io, options, node)
  await ask('/force', call(false))
  const { status } = await pollStatus(ask, ({ active }) => (active === node ? undefined : 'not active yet'), {
    timeoutMs: withinMs,
    clock: systemClock,
  })
  if (status?.active !== node)
    throw new CommandError(`${node} is not active after ${withinMs / 1_000} s; \`ha explain\` tells why`)
  show(
    io,
    options,
    { outcome: 'done', active: node, epoch: status.epoch, mayBeLost },
    `${node} is active (epoch ${status.epoch}). When the other node comes back, what only it has goes to \`ha rescue list\`.\n`,
  )
  return exits.done
}

function checkNode(options: OptionValues, node: string): void {
  const to = wordIn(options, 'to')
  if (to !== undefined && to !== node)
    throw new UsageError(`--force makes the node active that it is run on, ${node}; run it on ${to}`)
}

export function lossText(node: string, { complete, lastSeq, behindBy }: MayBeLost): string {
  if (complete) return `${node} is in sync: it has every acknowledged save, up to record ${lastSeq}\n`
  const known =
    behindBy === undefined
      ? 'how many is not known, for the other node does not tell'
      : `at least ${behindBy}, by what the other node last told`
  return `${node} is not in sync. It has the saves up to record ${lastSeq}; later ones may be lost: ${known}.
They are not lost for good while the other node's disk is whole: they are set aside when it comes back.
Make sure that the other node does not serve phones any more.\n`
}
