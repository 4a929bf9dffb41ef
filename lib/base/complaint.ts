import leven from 'leven'

/** One thing wrong with the settings, ready to print. */
export interface Complaint {
  /** `/etc/twintone/twintone.toml`, `TWINTONE_HTTP_PORTS` or `--set`. */
  source: string
  /** In the file, from 1. */
  line?: number
  /** `http.ports`; empty when it is not about one setting. */
  setting: string
  problem: string
  /** What to do, where we know. */
  fix?: string
}

/** Settings that cannot be used; `complaints` has all of them, the message too. */
export class ConfigError extends Error {
  readonly complaints: readonly Complaint[]
  constructor(complaints: readonly Complaint[]) {
    super(complaints.map(describeComplaint).join('\n'))
    this.name = 'ConfigError'
    this.complaints = complaints
  }
}

export function describeComplaint({ source, line, setting, problem, fix }: Complaint): string {
  const where = line === undefined ? source : `${source}:${line}`
  return `${where}: ${setting === '' ? '' : `${setting}: `}${problem}${fix === undefined ? '' : `; ${fix}`}`
}

/** `did you mean http.ports?`, when something known is near. */
export function nearest(name: string, known: readonly string[]): { fix?: string } {
  const best = known
    .map((candidate) => ({ candidate, distance: leven(name, candidate) }))
    .toSorted((a, b) => a.distance - b.distance)[0]
  return best !== undefined && best.distance <= Math.max(2, name.length / 3)
    ? { fix: `did you mean ${best.candidate}?` }
    : {}
}
