import { briefly } from '../../lib/base/briefly.ts'
import { UsageError, type OptionValues } from '../../lib/base/command.ts'

/** Times in words, and words in times. */

export const ago = (ms: number): string => (ms < 1_000 ? 'just now' : `${briefly(ms)} ago`)

/** How long ago that was, by wall clocks that may differ. */
export const since = (iso: string, now: Date): number => Math.max(0, now.getTime() - Date.parse(iso))

/** `11-24 10:15:04`: local time, as an administrator compares it with other logs. */
export function clockTime(iso: string): string {
  const time = new Date(iso)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

const sizes: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `250ms`, `30s`, `30m`, `2h`, `1d`. @throws UsageError */
export function durationIn(options: OptionValues, name: string, otherwise?: number): number {
  const given = options[name]
  if (given === undefined && otherwise !== undefined) return otherwise
  const [, count, unit = ''] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(typeof given === 'string' ? given : '') ?? []
  const size = sizes[unit]
  if (count === undefined || size === undefined)
    throw new UsageError(`say how long: --${name} 500ms, 30s, 30m, 2h or 1d`)
  return Number(count) * size
}

export const wordIn = (options: OptionValues, name: string): string | undefined => {
  const given = options[name]
  return typeof given === 'string' ? given : undefined
}

/** @throws UsageError */
export function only([word, ...more]: readonly string[], what: string): string {
  if (word === undefined || more.length > 0) throw new UsageError(what)
  return word
}

/** @throws UsageError */
export function none(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`it does not know what to do with ${words.join(' ')}`)
}

/** @throws UsageError */
export function countIn({ number }: OptionValues, otherwise: number): number {
  if (number === undefined) return otherwise
  const count = typeof number === 'string' && /^\d{1,4}$/.test(number) ? Number(number) : 0
  if (count === 0) throw new UsageError('say how many: -n 20')
  return count
}
