/**
 * What an answer to GET or HEAD consists of, by the conditions and the range of the request (RFC 9110, 13 and 14).
 */

export type Plan =
  | { status: 200 }
  /** Bytes `from` to `from + length - 1`. */
  | { status: 206; from: number; length: number }
  | { status: 304 }
  | { status: 416 }

/** The request headers that decide; names as Node spells them. */
export interface ConditionHeaders {
  readonly 'if-none-match'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
  readonly 'if-range'?: string | undefined
  readonly range?: string | undefined
}

export interface Representation {
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  readonly changedAt: Date
}

const whole: Plan = { status: 200 }
const unchanged: Plan = { status: 304 }
const unsatisfiable: Plan = { status: 416 }

/**
 * Conditions come before the range (RFC 9110, 13.2.2). A range is only for GET (14.2), and only a single one is
 * served: a server may ignore others, and many ranges are a known way to make it work for nothing.
 */
export function planAnswer(method: string, headers: ConditionHeaders, file: Representation): Plan {
  if (notWanted(headers, file)) return unchanged
  const { range } = headers
  if (range === undefined || method !== 'GET' || !rangeStillFits(headers['if-range'], file)) return whole
  return planRange(range, file.size)
}

/** If-Modified-Since only counts where there is no If-None-Match (RFC 9110, 13.1.3). */
function notWanted(headers: ConditionHeaders, file: Representation): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined) return tags.trim() === '*' || entityTags(tags).includes(file.etag)
  const since = headers['if-modified-since']
  // An unreadable date is NaN, which nothing is less than or equal to.
  return since !== undefined && wholeSeconds(file.changedAt) <= httpDate(since)
}

/** A strong tag, or exactly the date we sent; otherwise the client's part is of another file: it gets the whole. */
function rangeStillFits(ifRange: string | undefined, file: Representation): boolean {
  if (ifRange === undefined) return true
  return ifRange.trim() === `"${file.etag}"` || httpDate(ifRange) === wholeSeconds(file.changedAt)
}

function planRange(range: string, size: number): Plan {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(range) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return whole
  if (first === '') return planSuffix(Number(last), size)
  const from = Number(first)
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < from) return whole // malformed, hence as if it were not there
  return from < size ? { status: 206, from, length: to - from + 1 } : unsatisfiable
}

/** `-n`: the last n bytes. No Content-Range can be written for a part of nothing: an empty file is sent whole. */
function planSuffix(bytes: number, size: number): Plan {
  if (bytes === 0) return unsatisfiable
  if (size === 0) return whole
  const length = Math.min(bytes, size)
  return { status: 206, from: size - length, length }
}

/** The opaque parts of `"a", W/"b"`: a weak comparison does not look at the W/ (RFC 9110, 8.8.3.2). */
const entityTags = (list: string) => Array.from(list.matchAll(/"([^"]*)"/g), ([, opaque]) => opaque)

const weekday = /^\s*(?:mon|tue|wed|thu|fri|sat|sun)/i

/** All three forms of RFC 9110, 5.6.7, one of which names no zone and means UTC. NaN: not a date. */
function httpDate(text: string): number {
  if (!weekday.test(text)) return Number.NaN
  return Date.parse(/gmt\s*$/i.test(text) ? text : `${text} GMT`)
}

const wholeSeconds = (date: Date) => Math.floor(date.getTime() / 1_000) * 1_000
