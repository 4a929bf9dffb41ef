import { table } from '../../lib/base/table.ts'
import type { DrilledProtocol, DrillReport, Measured } from '../agent/views.ts'

export type DrillFacts = Pick<
  DrillReport,
  'scenario' | 'at' | 'by' | 'why' | 'ms' | 'from' | 'to' | 'objectiveMs'
>

/**
 * Judges what was measured against the objective.
 * @param failure why it counts as failed whatever was measured: the change itself came to nothing
 */
export function reportOf(facts: DrillFacts, measured: Measured, failure?: string): DrillReport {
  const problem = failure ?? whyNotPassed(facts, measured)
  const worst = worstOf(measured)
  const gap = worst === undefined || worst.longestGapMs === 0 ? 'no gap' : gapOf(worst)
  const verdict =
    problem ?? `passed: ${gap}, the objective is ${facts.objectiveMs} ms${savesWords(measured.saves)}`
  return { ...facts, ...measured, passed: problem === undefined, verdict }
}

const worstOf = ({ protocols }: Measured): DrilledProtocol | undefined =>
  protocols.toSorted((a, b) => b.longestGapMs - a.longestGapMs)[0]

const gapOf = ({ protocol, longestGapMs }: DrilledProtocol) => `longest gap ${longestGapMs} ms (${protocol})`

/** What is lost counts most, then what was not kept apart, then how long it took, then what was not seen. */
function whyNotPassed({ objectiveMs }: DrillFacts, measured: Measured): string | undefined {
  const { saves, epochsOverlap, protocols } = measured
  const worst = worstOf(measured)
  if (saves.missing.length > 0)
    return `failed: ${saves.missing.length} acknowledged saves are missing (${nodesIn(saves.missing)})`
  if (epochsOverlap) return 'failed: an earlier reign answered after a later one had'
  if (worst === undefined) return 'not proven: nothing was measured'
  if (worst.longestGapMs > objectiveMs) return `missed: ${gapOf(worst)}, the objective is ${objectiveMs} ms`
  const held = protocols.find(({ longestPauseMs }) => longestPauseMs > objectiveMs)
  if (held !== undefined)
    return `not proven: the prober itself was held up for ${held.longestPauseMs} ms, and saw nothing meanwhile`
  if (saves.acknowledged > 0 && saves.unchecked.length > 0)
    return `not proven: ${saves.unchecked.join(' and ')} could not be asked whether it has what was saved`
  return undefined
}

const nodesIn = (missing: readonly { node: string }[]) =>
  [...new Set(missing.map(({ node }) => node))].map((node) => `on ${node}`).join(', ')

const savesWords = ({ acknowledged }: Measured['saves']) =>
  acknowledged === 0 ? '' : `; all ${acknowledged} acknowledged saves are on both nodes`

export function reportText(report: DrillReport): string {
  const { scenario, from, to, ms, by, why, verdict } = report
  const change =
    from.node === to.node && from.epoch === to.epoch
      ? `${to.node} stayed active (epoch ${to.epoch})`
      : `${from.node} (epoch ${from.epoch}) -> ${to.node} (epoch ${to.epoch})`
  return `${scenario}: ${change}, ${ms} ms, by ${by}: ${why}\n\n${measuredText(report)}\n${verdict}\n`
}

export function measuredText({ protocols, saves, notes, measuredFrom }: Measured): string {
  const head = [`from ${measuredFrom}`, 'asked', 'failed', 'late', 'longest gap', 'slowest', 'what']
  const rows = protocols.map(({ protocol, asked, failed, late, longestGapMs, slowestMs, what }) => [
    protocol,
    ...[asked, failed, late].map(String),
    longestGapMs === 0 ? 'none' : `${longestGapMs} ms`,
    `${slowestMs} ms`,
    what,
  ])
  const saved =
    saves.tried === 0
      ? ''
      : `saves: ${saves.tried} tried, ${saves.acknowledged} acknowledged, ${saves.missing.length} missing afterwards\n`
  const missing = saves.missing.map(({ node, file }) => `  ! ${file} is not on ${node}\n`)
  return `${table(head, rows, head.slice(1, 6))}${saved}${missing.join('')}${notes.map((note) => `note: ${note}\n`).join('')}`
}
