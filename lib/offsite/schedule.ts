import type { FileName } from '../files/file-name.ts'

/** When to send what, and when to tell a person. */

/** What the copy reads of a file in the store. */
export interface CopiedFile {
  name: FileName
  seq: number
  size: number
  /** SHA-256 of the content, hex. */
  hash: string
}

/**
 * The files whose content the other server does not have, those that failed last, and then in the order they were
 * stored: a file that never gets through must not stand in the way of the others.
 */
export function dueFiles(
  files: readonly CopiedFile[],
  isSent: (file: CopiedFile) => boolean,
  failedBefore: ReadonlySet<FileName>,
): CopiedFile[] {
  return files
    .filter((file) => !isSent(file))
    .toSorted((a, b) => rank(a, failedBefore) - rank(b, failedBefore) || a.seq - b.seq)
}

const rank = ({ name }: CopiedFile, failedBefore: ReadonlySet<FileName>) => Number(failedBefore.has(name))

export type RoundOutcome =
  | 'all sent'
  /** Some files were refused, but the server can be worked with. */
  | 'some refused'
  | 'server down'

const firstGapMs = 60_000
const longestGapMs = 3_600_000

/**
 * How long to wait until the next round.
 * @param failedRounds in a row, the last one included
 * @param chance from 0 to below 1: many nodes that lost one server shall not come back at once
 */
export function waitMs(outcome: RoundOutcome, failedRounds: number, everyMs: number, chance: number): number {
  if (outcome === 'all sent') return everyMs
  const doubled = Math.min(firstGapMs, everyMs) * 2 ** Math.min(failedRounds - 1, 20)
  const gap = Math.min(doubled, longestGapMs) * (0.8 + 0.4 * chance)
  const capped = Math.min(gap, longestGapMs)
  return outcome === 'some refused' ? Math.min(capped, everyMs) : capped
}

const patientRounds = 10
const patientMs = 86_400_000

export interface Failing {
  /** Failed rounds in a row. */
  rounds: number
  /** Since when, on the wall: it counts over restarts. */
  sinceMs: number
  /** Waiting mends nothing. */
  needsPerson: boolean
}

/**
 * Whether a person should know: at once when waiting mends nothing, otherwise after ten rounds in a row (about four
 * hours of growing gaps) or a day, whichever comes first.
 */
export const isAlarming = ({ rounds, sinceMs, needsPerson }: Failing, wallMs: number): boolean =>
  needsPerson || rounds >= patientRounds || wallMs - sinceMs >= patientMs
