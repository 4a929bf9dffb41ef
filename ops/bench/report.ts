import type { Case, Load, PeerName } from './cases.ts'
import type { Round, Run } from './measure.ts'
import type { ServerName } from './servers.ts'

/** What the rounds of a case come to. */
export interface CaseReport {
  group: string
  title: string
  unit: string
  servers: ServerReport[]
}

export interface ServerReport {
  server: ServerName
  /** Medians over the rounds. */
  value: number
  p50Ms: number
  p99Ms: number
  cores: number
  /** The highest of all rounds, MiB. */
  memoryMb: number
  /** Of all rounds together. */
  failures: number
  /** Each round's value, in order. */
  values: number[]
  /** Ours to theirs; absent for us. */
  comparison?: Comparison
}

export interface Comparison {
  /** Median of the ratios within each round: a pair is measured back to back, so a busy machine slows both. */
  ratio: number
  least: number
  most: number
  /** The rounds differ too much to judge by: something else used the machine. */
  noisy: boolean
  /** The least ratio we want; absent: shown only. */
  aim?: number
  met?: boolean
}

export function reportOf(aCase: Case, rounds: readonly Round[]): CaseReport {
  const ours = runsOf('twintone', rounds)
  const servers = [summary('twintone', ours)]
  for (const peer of Object.keys(aCase.peers) as PeerName[]) {
    const runs = runsOf(peer, rounds)
    const ratios = ours.map((run, round) => run.value / (runs[round]?.value ?? Number.NaN))
    servers.push({ ...summary(peer, runs), comparison: compare(ratios, aCase.peers[peer]) })
  }
  return { group: aCase.group, title: aCase.title, unit: unitOf(aCase.load), servers }
}

const runsOf = (server: ServerName, rounds: readonly Round[]): Run[] =>
  rounds.flatMap((round) => round[server] ?? [])

const unitOf = (load: Load) => (load.door === 'tftp' ? 'MB/s' : load.unit)

function summary(server: ServerName, runs: readonly Run[]): ServerReport {
  const of = (key: 'value' | 'p50Ms' | 'p99Ms' | 'cores') => median(runs.map((run) => run[key]))
  return {
    server,
    value: of('value'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cores: of('cores'),
    memoryMb: Math.max(...runs.map(({ memoryMb }) => memoryMb)),
    failures: runs.reduce((sum, { failures }) => sum + failures, 0),
    values: runs.map(({ value }) => value),
  }
}

/** Greatest to least ratio of a quiet machine. */
const quietSpread = 1.4

function compare(ratios: readonly number[], aim: number | undefined): Comparison {
  const [ratio, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)]
  const range = { ratio, least, most, noisy: most > least * quietSpread }
  return aim === undefined ? range : { ...range, aim, met: ratio >= aim }
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN
  return (upper + lower) / 2
}
