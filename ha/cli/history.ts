import { briefly } from '../../lib/base/briefly.ts'
import { systemClock } from '../../lib/base/clock.ts'
import type { Command } from '../../lib/base/command.ts'
import { nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { show, table } from '../../lib/base/table.ts'
import type { DrillReport, Reign } from '../agent/views.ts'
import { agentOf } from './node.ts'
import { clockTime, countIn, none } from './words.ts'

export interface History {
  /** Oldest first, both. */
  reigns: Reign[]
  drills: DrillReport[]
}

export const historyCommand: Command = {
  name: 'history',
  summary: 'Shows who was active when and why, and what drills have measured.',
  usage: 'history [-n COUNT] [--json] [--config FILE]',
  help: `
  -n, --number COUNT       the last ones of each only; otherwise 20${nodeHelp}
      --json               as JSON`,
  options: { ...nodeOptions, number: { type: 'string', short: 'n' }, json: { type: 'boolean' } },
  async run({ words, options }, io) {
    none(words)
    const history = await agentOf(options)<History>('/history')
    const count = countIn(options, 20)
    show(io, options, lastOf(history, count), historyText(history, count, systemClock.wallTime()))
    return 0
  },
}

const lastOf = ({ reigns, drills }: History, count: number): History => ({
  reigns: reigns.slice(-count),
  drills: drills.slice(-count),
})

export function historyText(history: History, count: number, now: Date): string {
  const { reigns, drills } = history
  if (reigns.length === 0) return 'no node was ever active\n'
  const measured = drills.length === 0 ? 'no drill yet: `ha drill list`\n' : drillsText(drills, count)
  return `${reignsText(reigns, count, now)}\n${measured}`
}

function reignsText(reigns: readonly Reign[], count: number, now: Date): string {
  const rows = reigns.map(({ epoch, node, at, why, by }, place) => {
    const end = reigns[place + 1]?.at
    const ms = (end === undefined ? now.getTime() : Date.parse(end)) - Date.parse(at)
    const lasted = `${briefly(Math.max(0, ms))}${end === undefined ? ' till now' : ''}`
    return [
      String(epoch),
      node,
      clockTime(at),
      lasted,
      by === undefined || why.includes(by) ? why : `${why}, by ${by}`,
    ]
  })
  return table(['epoch', 'active', 'since', 'for', 'why'], rows.slice(-count), ['epoch'])
}

function drillsText(drills: readonly DrillReport[], count: number): string {
  const rows = drills
    .slice(-count)
    .map((drill) => [
      clockTime(drill.at),
      drill.scenario,
      `${drill.from.node} -> ${drill.to.node}`,
      `${worstGap(drill)} ms`,
      `${drill.objectiveMs} ms`,
      drill.verdict,
    ])
  const head = ['drill', 'scenario', 'change', 'gap', 'objective', 'verdict']
  return `${table(head, rows, ['gap', 'objective'])}${trendText(drills)}`
}

const worstGap = ({ protocols }: DrillReport) =>
  Math.max(0, ...protocols.map(({ longestGapMs }) => longestGapMs))

/** Of each scenario that was played more than twice: the last gap, beside what was usual. */
export function trendText(drills: readonly DrillReport[]): string {
  const byScenario = new Map<string, number[]>()
  for (const drill of drills)
    byScenario.set(drill.scenario, [...(byScenario.get(drill.scenario) ?? []), worstGap(drill)])
  return [...byScenario]
    .filter(([, gaps]) => gaps.length > 2)
    .map(
      ([scenario, gaps]) =>
        `trend of ${scenario}: last ${gaps.at(-1)} ms, usual ${median(gaps)} ms, worst ${Math.max(...gaps)} ms of ${gaps.length}\n`,
    )
    .join('')
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
