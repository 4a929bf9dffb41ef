import { UsageError, type Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { asJson } from '../../lib/base/table.ts'
import type { PairStatus } from '../agent/views.ts'
import {
  changeExits,
  changeHelp,
  changeOptions,
  changing,
  confirmPlan,
  exits,
  originOf,
  reasonedOrigin,
  type Plan,
} from './change.ts'
import { agentOf } from './node.ts'
import { briefly, clockTime, durationIn, none } from './words.ts'

const pauseOptions = { ...nodeOptions, ...changeOptions, json: { type: 'boolean' } } as const

export const pauseCommand: Command = {
  name: 'pause',
  summary: 'Lets nobody take over for a while, as for work on the network.',
  usage: 'pause --for 30m --why TEXT [--yes] [--json] [--config FILE]',
  help: `
The active node stays active and serves. If it dies meanwhile, the other one does not take over.
${changeExits}
      --for TIME           30m, 2h, at most 1d; then the pause ends by itself
${changeHelp}${nodeHelp}
      --json               as JSON`,
  options: { ...pauseOptions, for: { type: 'string' } },
  run: ({ words, options }, io) =>
    changing(io, async () => {
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
      io.stdout(options['json'] === true ? asJson(answer) : `paused${until}\n`)
      return exits.done
    }),
}

export const resumeCommand: Command = {
  name: 'resume',
  summary: 'Ends a pause.',
  usage: 'resume [--yes] [--json] [--config FILE]',
  help: `\n${changeExits}\n${changeHelp}${nodeHelp}\n      --json               as JSON`,
  options: pauseOptions,
  run: ({ words, options }, io) =>
    changing(io, async () => {
      none(words)
      const ask = agentOf(options)
      const { paused } = await ask<PairStatus>('/status')
      if (paused === undefined) {
        io.stdout(options['json'] === true ? asJson({ paused: false }) : 'there is no pause\n')
        return exits.done
      }
      await confirmPlan(io, options, {
        before: `paused by ${paused.by}: ${paused.why}`,
        after: 'the other node takes over when the active one fails',
      })
      const answer = await ask('/pause', { method: 'DELETE', body: { by: originOf(options).by } })
      io.stdout(options['json'] === true ? asJson(answer) : 'the pause is over\n')
      return exits.done
    }),
}

export const pausePlan = ({ paused, active }: PairStatus, ms: number): Plan => ({
  before:
    paused === undefined
      ? `${active ?? 'no node'} is active, the other takes over when it fails`
      : `paused by ${paused.by}: ${paused.why}`,
  after: `${active ?? 'no node'} is active, nobody takes over for ${briefly(ms)}`,
})
