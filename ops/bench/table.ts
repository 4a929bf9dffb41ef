import type { CaseReport, Comparison, ServerReport } from './report.ts'

/** The report for people. */

export function caseLines({ group, title, unit, servers }: CaseReport): string {
  return [`\n${group.toUpperCase()}: ${title}`, header(unit), ...servers.map(line)].join('\n')
}

/** How many aims were met, and which were not. */
export function verdict(reports: readonly CaseReport[]): string {
  const aims = reports.flatMap(({ group, title, servers }) =>
    servers.flatMap(({ server, comparison }) =>
      comparison?.aim === undefined
        ? []
        : [{ ...comparison, what: `${group}, ${title}: ${times(comparison.ratio)} ${server}` }],
    ),
  )
  const missed = aims.filter(({ met }) => met === false)
  const noisy = aims.filter((aim) => aim.noisy).length
  const doubt = noisy === 0 ? '' : `; ${noisy} of them on a busy machine, so measure again when it is quiet`
  const lines = missed.map(
    ({ what, aim = 0, ratio }) => `  missed: ${what}, ${percent(1 - ratio / aim)} short of ${times(aim)}`,
  )
  return [`\n${aims.length - missed.length} of ${aims.length} aims met${doubt}`, ...lines].join('\n')
}

const columns = [12, 14, 10, 10, 10, 7, 22, 14] as const

const row = (cells: readonly string[]) =>
  cells
    .map((cell, index) => (index === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[index] ?? 10)))
    .join('')

const header = (unit: string) => row(['', unit, 'p50 ms', 'p99 ms', 'memory', 'cores', 'ours/theirs', 'aim'])

function line({ server, value, p50Ms, p99Ms, memoryMb, cores, failures, comparison }: ServerReport): string {
  const measured = [
    number(value),
    number(p50Ms),
    number(p99Ms),
    `${memoryMb.toFixed(0)} MB`,
    cores.toFixed(2),
  ]
  const failed = failures === 0 ? '' : `  ${failures} FAILED`
  return row([server, ...measured, ...(comparison === undefined ? [] : compared(comparison))]) + failed
}

function compared({ ratio, least, most, noisy, aim, met }: Comparison): string[] {
  const verdictWord = aim === undefined ? '' : `${times(aim)} ${met === true ? 'met' : 'MISSED'}`
  const range = `${times(ratio)} (${least.toFixed(2)}-${most.toFixed(2)})${noisy ? ' ?' : '  '}`
  return [range, verdictWord]
}

const times = (ratio: number) => `${ratio.toFixed(2)}x`
const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const number = (value: number) =>
  value >= 1_000 ? value.toFixed(0) : value >= 100 ? value.toFixed(1) : value.toFixed(2)
