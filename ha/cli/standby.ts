import type { Io, OptionValues } from '../../lib/base/command.ts'
import { show } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import {
  changeCommand,
  changeExits,
  confirmPlan,
  Declined,
  exits,
  originOf,
  reasonedOrigin,
  type Origin,
  type Plan,
} from './change.ts'
import { handOver, otherNode, reigning, rolledBackText } from './handing-over.ts'
import { agentOf, type Ask } from './node.ts'
import { only } from './words.ts'

export const standbyCommand = changeCommand({
  name: 'standby',
  summary: 'Takes a node out of service: it does not take over until it is put back.',
  usage: 'standby <node> --why TEXT [--yes] [--json] [--config FILE]',
  help: `
Where the node is active, it hands over first. It goes on receiving what phones save.
${changeExits} 5: the other node did not take over.
`,
  run: async ({ words, options }, io) => takeOut(only(words, 'name one node'), options, io),
})

export const unstandbyCommand = changeCommand({
  name: 'unstandby',
  summary: 'Puts a node back into service.',
  usage: 'unstandby <node> [--yes] [--json] [--config FILE]',
  help: `\n${changeExits}\n`,
  run: async ({ words, options }, io) => putBack(only(words, 'name one node'), options, io),
})

async function takeOut(node: string, options: OptionValues, io: Io): Promise<number> {
  const origin = reasonedOrigin(options)
  const ask = agentOf(options)
  const status = await ask<PairStatus>('/status')
  await confirmPlan(io, options, standbyPlan(known(node, status), status))
  if (status.active === node && !(await leave(ask, status, origin, io))) return exits.rolledBack
  const answer = await ask('/standby', { method: 'POST', body: { node, ...origin } })
  show(io, options, answer, `${node} is out of service\n`)
  return exits.done
}

async function putBack(node: string, options: OptionValues, io: Io): Promise<number> {
  const ask = agentOf(options)
  const status = await ask<PairStatus>('/status')
  known(node, status)
  await confirmPlan(io, options, { before: `${node} is out of service`, after: `${node} may take over` })
  const answer = await ask('/standby', { method: 'DELETE', body: { node, by: originOf(options).by } })
  show(io, options, answer, `${node} is in service\n`)
  return exits.done
}

export const standbyPlan = (node: string, status: PairStatus): Plan => ({
  before: `${status.active ?? 'no node'} is active`,
  after: `${status.active === node ? `${otherNode(status)} is active, ` : ''}${node} is out of service: if the other node fails, phones get nothing`,
})

function known(node: string, { nodes }: PairStatus): string {
  const names = nodes.map(({ name }) => name)
  if (!names.includes(node)) throw new Declined(`there is no node ${node}; there are ${names.join(' and ')}`)
  return node
}

const drainMs = 100

/** @returns false when the other node did not take over */
async function leave(ask: Ask, status: PairStatus, origin: Origin, io: Io): Promise<boolean> {
  const order = { to: otherNode(status) ?? '', drainMs, ...origin }
  const { stand, after } = await handOver(ask, { order, before: reigning(status) })
  io.stderr(
    stand === 'done'
      ? `${order.to} is active (epoch ${after.epoch})\n`
      : `${rolledBackText(order, after)}; nothing else was changed\n`,
  )
  return stand === 'done'
}
