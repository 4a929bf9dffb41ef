const units: readonly [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** The largest part of a time, whole: `3 d`, `2 h`, `38 s`, `240 ms`. */
export function briefly(ms: number): string {
  const [name, size] = units.find(([, each]) => ms >= each) ?? ['ms', 1]
  return `${Math.floor(ms / size)} ${name}`
}
