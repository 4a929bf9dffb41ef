import type { Boot, FileFetch } from './boot-fleet.ts'

/** What became of the fleet, for people: times of whole boots and of files, and what went wrong. */
export function fleetLines(boots: readonly Boot[]): string {
  const files = boots.flatMap((boot) => boot.files)
  return [
    row(['boots', 'count', 'p50', 'p90', 'p99', 'longest', 'failed']),
    ...groupLines(boots, () => 'all'),
    ...groupLines(boots, ({ family }) => family),
    '',
    row(['files', 'count', 'p50', 'p90', 'p99', 'longest', 'failed']),
    ...groupLines(files, ({ protocol, kind }) => `${protocol} ${kind}`),
    ...problemLines(files),
  ].join('\n')
}

/** The value below which `share` of the sorted values lie. */
const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN

type Timed = Boot | FileFetch

/** Whether a file, or any file of a boot, is wrong. */
export const failed = (timed: Timed): boolean =>
  'files' in timed ? timed.files.some(failed) : timed.problem !== undefined

function groupLines<T extends Timed>(all: readonly T[], nameOf: (timed: T) => string): string[] {
  return [...Map.groupBy(all, nameOf)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, members]) => {
      const times = members.map(({ ms }) => ms).toSorted((a, b) => a - b)
      const shown = [0.5, 0.9, 0.99, 1].map((share) => duration(percentile(times, share)))
      return row([name, String(members.length), ...shown, String(members.filter(failed).length)])
    })
}

const mostProblems = 10

function problemLines(files: readonly FileFetch[]): string[] {
  const problems = Map.groupBy(
    files.filter(failed),
    ({ protocol, file, problem }) => `${protocol} ${file}: ${problem}`,
  )
  return [...problems].slice(0, mostProblems).map(([text, all]) => `  ${all.length} x ${text}`)
}

const duration = (ms: number) => (ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${ms.toFixed(1)} ms`)
const row = ([first = '', ...rest]: readonly string[]) =>
  first.padEnd(18) + rest.map((cell) => cell.padStart(11)).join('')
