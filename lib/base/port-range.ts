export interface PortRange {
  first: number
  last: number
}

/** How many ports are tried before a range counts as used up. */
const mostTries = 64

/** Reads `50000-50999`; empty text means any free port. @throws Error with a sentence that names the setting */
export function parsePortRange(setting: string, text: string): PortRange | undefined {
  if (text === '') return undefined
  if (!isPortRange(text))
    throw new Error(`${setting}: "${text}" is not first-last with ports from 1 to 65535`)
  return endsOf(text)
}

/** Whether it is `first-last`, with ports that there are, and goes up. */
export function isPortRange(text: string): boolean {
  const { first, last } = endsOf(text)
  return first >= 1 && last <= 65_535 && first <= last
}

function endsOf(text: string): PortRange {
  const [first = Number.NaN, last = Number.NaN] = text.split('-').map(Number)
  return { first, last }
}

/** Ports for one transfer, from a random one on: nobody can guess it, and the next does not meet packets of the last. */
export function portsToTry(range: PortRange | undefined, random: () => number): number[] {
  if (range === undefined) return [0]
  const { first, last } = range
  const count = last - first + 1
  const start = Math.floor(random() * count)
  return Array.from({ length: Math.min(count, mostTries) }, (_, step) => first + ((start + step) % count))
}
