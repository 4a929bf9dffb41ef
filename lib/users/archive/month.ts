/** A month of the local calendar, `2026-11`. Only this file makes one, so it is also safe as a folder name. */
export type Month = string & { readonly madeBy: 'month' }

const pattern = /^(\d{4})-(0[1-9]|1[0-2])$/

/** `text` as a month; undefined when it is none. */
export const parseMonth = (text: string): Month | undefined =>
  pattern.test(text) ? (text as Month) : undefined

/** The month a moment lies in, by the clock on the wall. */
export const monthOf = (moment: Date): Month => month(moment.getFullYear(), moment.getMonth())

export function monthBefore(later: Month): Month {
  const { year, index } = parts(later)
  return index === 0 ? month(year - 1, 11) : month(year, index - 1)
}

/** The first moment that no longer belongs to it, whatever summer time does that night. */
export function endOf(which: Month): Date {
  const { year, index } = parts(which)
  return new Date(year, index + 1, 1)
}

/**
 * Those beyond the newest `keep`. Counted, and not by date: a clock that is wrong by years would otherwise remove
 * every archive there is.
 */
export const expired = (months: readonly Month[], keep: number): Month[] =>
  months.toSorted().slice(0, Math.max(0, months.length - keep))

const month = (year: number, index: number): Month =>
  `${String(year).padStart(4, '0')}-${String(index + 1).padStart(2, '0')}` as Month

function parts(which: Month): { year: number; index: number } {
  const [year = 0, number = 0] = which.split('-').map(Number)
  return { year, index: number - 1 }
}
