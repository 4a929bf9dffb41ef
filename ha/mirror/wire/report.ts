import { printable } from '../../../lib/base/printable.ts'
import { Refusal } from '../../../lib/files/refusal.ts'
import { parseMirrorPath, type MirrorPath } from '../layout.ts'
import { isSha256 } from '../manifest.ts'

/** What the standby tells the active node. */
export interface Report {
  /** The manifest it speaks of. */
  etag: string
  /** Contents to be published that it has. */
  have: string[]
  /** The entries of that manifest it has not put in place; undefined: too many to name. */
  except: MirrorPath[] | undefined
  /** Files that are not as they should be, for a person's eyes. */
  drift: { path: string; why: string }[]
}

export const mostNamed = 1_000

/** @throws Refusal for what is no report */
export function parseReport(text: string): Report {
  const { etag, have, except, drift } = (parseJson(text) ?? {}) as Record<string, unknown>
  if (typeof etag !== 'string' || !isListOf(have, isSha256) || !isListOf(drift, isDrift)) throw broken()
  if (except !== undefined && !isListOf(except, (path) => typeof path === 'string')) throw broken()
  const shown = drift.map(({ path, why }) => ({ path: printable(path, 300), why: printable(why) }))
  return { etag, have, except: except?.map(parseMirrorPath), drift: shown }
}

const isListOf = <T>(value: unknown, is: (each: unknown) => each is T): value is T[] =>
  Array.isArray(value) && value.length <= mostNamed && value.every(is)

const isDrift = (value: unknown): value is Report['drift'][number] =>
  typeof value === 'object' &&
  value !== null &&
  'path' in value &&
  'why' in value &&
  typeof value.path === 'string' &&
  typeof value.why === 'string'

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw broken()
  }
}

const broken = () => new Refusal('incomplete', 'what the other node reports is no report')
