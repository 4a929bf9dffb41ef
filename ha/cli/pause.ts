import { briefly } from '../../lib/base/briefly.ts'
import { UsageError } from '../../lib/base/command.ts'
import { show } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import {
  changeCommand,
  changeExits,
  confirmPlan,
  exits,
  originOf,
  reasonedOrigin,
  type Plan,
} from './change.ts'
import { agentOf } from './node.ts'
import { clockTime, durationIn, none } from './words.ts'

export const pauseCommand = changeCommand({
  name: 'pause',
  summary: 'Lets nobody take over for a while, as for work on the network.',
  usage: 'pause --for 30m --why TEXT [--yes] [--json] [--config FILE]',
  help: `
The active node stays active and serves. If it dies meanwhile, the other one does not take over.
${changeExits}
      --for TIME           30m, 2h, at most 1d; then the pause ends by itself
`,
  options: { for: { type: 'string' } },
  async run({ words, options }, io) {
    none(words)
    const ms = durationIn(options, 'for')
    if (ms < 60_000 || ms > 86_400_000) throw new UsageError('a pause lasts from 1m to 1d')
    const origin = reasonedOrigin(options)
    const ask = agentOf(options)
    await confirmPlan(io, options, pausePlan(await ask<PairStatus>('/status'), ms))
    const answer = await ask<{ until?: string }>('/pause', {
      method: 'POST',
      body: { minutes: ms / 60_000, ...origin },
    })
    const until = answer.until === undefined ? '' : ` until ${clockTime(answer.until)}`
    show(io, options, answer, `paused${until}\n`)
    return exits.done
  },
})

export const resumeCommand = changeCommand({
  name: 'resume',
  summary: 'Ends a pause.',
  usage: 'resume [--yes] [--json] [--config FILE]',
  help: `\n${changeExits}\n`,
  async run({ words, options }, io) {
    none(words)
    const ask = agentOf(options)
    const { paused } = await ask<PairStatus>('/status')
    if (paused === undefined) {
      show(io, options, { paused: false }, 'there is no pause\n')
      return exits.done
    }
    await confirmPlan(io, options, {
      before: `paused by ${paused.by}: ${paused.why}`,
      after: 'the other node takes over when the active one fails',
    })
    const answer = await ask('/pause', { method: 'DELETE', body: { by: originOf(options).by } })
    show(io, options, answer, 'the pause is over\n')
    return exits.done
  },
})

export const pausePlan = ({ paused, active }: PairStatus, ms: number): Plan => ({
  before:
    paused === undefined
      ? `${active ?? 'no node'} is active, the other takes over when it fails`
      : `paused by ${paused.by}: ${paused.why}`,
  after: `${active ?? 'no node'} is active, nobody takes over for ${briefly(ms)}`,
})
