import type { Measured } from '../../ha/agent/views.ts'
import type { DrillFacts } from '../../ha/drill/report.ts'

export const drillFacts: DrillFacts = {
  scenario: 'planned',
  at: '2026-11-24T10:00:00.000Z',
  by: 'alice',
  why: 'firmware',
  ms: 140,
  from: { node: 'A', epoch: 5 },
  to: { node: 'B', epoch: 6 },
  objectiveMs: 200,
}

interface Wrong {
  gapMs: number
  pauseMs: number
  missing: { node: string; file: string }[]
  unchecked: string[]
  epochsOverlap: boolean
}

/** Measured, and well but for what is named. */
export function measuredWell(wrong: Partial<Wrong> = {}): Measured {
  const { gapMs = 38, pauseMs = 10, missing = [], unchecked = [], epochsOverlap = false } = wrong
  const http = {
    protocol: 'http',
    what: '46xxsettings.txt',
    asked: 301,
    failed: 3,
    late: 0,
    longestGapMs: gapMs,
    slowestMs: 12,
    longestPauseMs: pauseMs,
  } as const
  return {
    measuredFrom: 'c',
    protocols: [http],
    saves: { tried: 95, acknowledged: 90, missing, unchecked, left: 0 },
    epochsOverlap,
    notes: [],
  }
}
