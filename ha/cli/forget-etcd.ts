import { join } from 'node:path'
import type { Command } from '../../lib/base/command.ts'
import { NotRunning } from '../../lib/base/control-socket.ts'
import { configOf, nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { KnownFile } from '../agent/known.ts'
import { changeExits, changeHelp, changeOptions, changing, confirmPlan, Declined, exits } from './change.ts'
import { pairStatus } from './node.ts'
import { none } from './words.ts'

export const forgetEtcdCommand: Command = {
  name: 'forget-etcd',
  summary: 'After etcd was made anew or restored on purpose: lets this node believe it again.',
  usage: 'forget-etcd [--yes] [--config FILE]',
  help: `
A node remembers which etcd it talked to and how far that was, and does nothing when it finds another, or an older one.
Stop the agents of both nodes, run this on both, and start first the one that was active last.
${changeExits}
${changeHelp}${nodeHelp}`,
  options: { ...nodeOptions, ...changeOptions },
  run: ({ words, options }, io) =>
    changing(io, async () => {
      none(words)
      const isRunning = await pairStatus(options).then(
        () => true,
        (error: unknown) => {
          if (error instanceof NotRunning) return false
          throw error
        },
      )
      if (isRunning) throw new Declined('the agent is running; stop it first')
      const file = new KnownFile(join(configOf(options).data.folder, '.state', 'pair', 'known.json'))
      const known = await file.load()
      await confirmPlan(io, options, {
        before: `this node knows etcd cluster ${known.clusterId || '(none)'} up to revision ${known.revision}`,
        after: 'it believes whichever etcd it finds next',
      })
      await file.save({ ...known, clusterId: '', revision: 0 })
      return exits.done
    }),
}
