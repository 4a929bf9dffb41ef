import { systemClock } from '../../lib/base/clock.ts'
import { UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import { configOf, nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { listenForStop } from '../../lib/base/process.ts'
import { show } from '../../lib/base/table.ts'
import type { DrillReport, PairStatus } from '../agent/views.ts'
import { measureAround } from '../drill/play.ts'
import { reportOf, reportText } from '../drill/report.ts'
import { changeHelp, changeOptions, changing, confirmPlan, exits, originOf, type Plan } from './change.ts'
import { takeOverByForce } from './force.ts'
import {
  handOver,
  otherNode,
  reigning,
  rolledBackText,
  type Change,
  type HandOverStand,
  type Order,
} from './handing-over.ts'
import { everyHelp, everyMsIn, everyOption, keepReport, localMeter, ownTargets } from './measuring.ts'
import { agentOf, type Ask } from './node.ts'
import { durationIn, none, wordIn } from './words.ts'

const help = `
As planned: the active node ends what is being saved, gives up the address, and the other one takes it. Where that does
not happen within a second, it takes the address back. Phones are played from this host meanwhile: what is printed is
what they felt.
      --to NODE            otherwise the one that is not active
      --drain TIME         how long what is under way may take to end; otherwise 100ms
      --dry-run            asks whether it could be done, and does not do it
      --no-measure         does not play phones, and does not wait either
      --wait               waits for the end, with --no-measure too${everyHelp}

With --force the node it is run on takes over from one that is dead or cut off, without the other's consent. Saves that
it has not got are lost: it prints what is known of them.
      --accept-data-loss   must be said with it

${changeHelp}${nodeHelp}
      --json               as JSON

Exit code 0: done, and the objective was met (pairDrill.plannedGapMs); 1: it could not be done; 2: used wrongly;
4: done, but the objective was missed; 5: rolled back; 6: refused, by the pair or by you.`

export const failoverCommand: Command = {
  name: 'failover',
  summary: 'Makes the other node active, as planned and measured; or by force where the active one is dead.',
  usage:
    'failover [--to NODE] [--drain 30s] [--dry-run] [--no-measure] [--wait] [--yes] [--why TEXT] | failover --force --accept-data-loss',
  help,
  options: {
    ...nodeOptions,
    ...changeOptions,
    ...everyOption,
    to: { type: 'string' },
    drain: { type: 'string' },
    wait: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    'no-measure': { type: 'boolean' },
    force: { type: 'boolean' },
    'accept-data-loss': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  run: ({ words, options }, io) =>
    changing(io, async () => {
      none(words)
      if (options['force'] === true) return takeOverByForce(options, io)
      if (options['accept-data-loss'] === true)
        throw new UsageError(
          '--accept-data-loss belongs to --force; nothing is lost when it is done as planned',
        )
      return planned(options, io)
    }),
}

const usualDrainMs = 100

async function planned(options: OptionValues, io: Io): Promise<number> {
  const ask = agentOf(options)
  const status = await ask<PairStatus>('/status')
  const order = {
    to: wordIn(options, 'to') ?? otherNode(status) ?? '',
    drainMs: durationIn(options, 'drain', usualDrainMs),
    ...originOf(options),
  }
  await ask('/handover', { method: 'POST', body: { ...order, dryRun: true } })
  const plan = failoverPlan(status, order)
  if (options['dry-run'] === true) {
    show(
      io,
      options,
      { possible: true, ...plan },
      `it could be done\nbefore  ${plan.before}\nafter   ${plan.after}\n`,
    )
    return exits.done
  }
  await confirmPlan(io, options, plan)
  const before = reigning(status)
  if (options['no-measure'] === true) return handOverOnly(ask, { order, before }, options, io)
  const report = await handOverMeasured(ask, { order, before }, options, io)
  show(io, options, report, reportText(report))
  if (report.to.node !== order.to) return exits.rolledBack
  return report.passed ? exits.done : exits.missed
}

export const failoverPlan = ({ active, epoch, insync, nodes }: PairStatus, { to, drainMs }: Order): Plan => ({
  before: `${active ?? 'no node'} is active (epoch ${epoch}), ${insync.length} of ${nodes.length} in sync`,
  after: `${to} is active, once what is under way has ended (at most ${drainMs} ms)`,
})

async function handOverOnly(ask: Ask, change: Change, options: OptionValues, io: Io): Promise<number> {
  const tell = (outcome: HandOverStand, text: string) =>
    show(io, options, { outcome, ...change }, `${text}\n`)
  const { to } = change.order
  if (options['wait'] !== true) {
    await ask('/handover', { method: 'POST', body: { ...change.order, dryRun: false } })
    tell('under way', `${to} is asked to take over; \`ha wait\` and \`ha status\` tell`)
    return exits.done
  }
  const { stand, after } = await handOver(ask, change)
  tell(
    stand,
    stand === 'done' ? `${to} is active (epoch ${after.epoch})` : rolledBackText(change.order, after),
  )
  return stand === 'done' ? exits.done : exits.rolledBack
}

async function handOverMeasured(
  ask: Ask,
  change: Change,
  options: OptionValues,
  io: Io,
): Promise<DrillReport> {
  const config = configOf(options)
  const meter = await localMeter(ownTargets(config, everyMsIn(options)), io)
  const stop = listenForStop(() => io.stderr('ends early; what it has saved is taken away\n'))
  const at = systemClock.wallTime().toISOString()
  try {
    const { changed, measured } = await measureAround(
      meter,
      { clock: systemClock, signal: stop.signal },
      () => handOver(ask, change, stop.signal),
    )
    const { order, before } = change
    const facts = {
      scenario: 'planned',
      at,
      by: order.by,
      why: order.why,
      ms: changed.ms,
      from: { node: before.active ?? '', epoch: before.epoch },
      to: { node: changed.after.active ?? '', epoch: changed.after.epoch },
      objectiveMs: config.pairDrill.plannedGapMs,
    }
    const failure = changed.stand === 'rolled back' ? rolledBackText(order, changed.after) : undefined
    const report = reportOf(facts, measured, failure)
    await keepReport(ask, report, io)
    return report
  } finally {
    stop.dispose()
  }
}
