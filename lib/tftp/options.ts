import type { Option } from './packet.ts'

/** Which options of a request are granted, and with which values (RFC 2347, 2348, 2349, 7440). */

export type OptionName = 'blksize' | 'tsize' | 'timeout' | 'windowsize'

export interface OptionLimits {
  /** Bytes; whatever a phone asks for above it is lowered to it. */
  maxBlockSize: number
  /** Blocks; a phone that asks for more gets no window at all, as abuse case d18 wants it. */
  maxWindowSize: number
  /** Options not granted at all. */
  refuse: ReadonlySet<OptionName>
}

export interface Terms {
  /** Bytes of each block but the last. */
  blockSize: number
  /** Blocks sent before an acknowledgement is awaited. */
  windowSize: number
  /** The phone wants unanswered packets again after exactly this long. */
  timeoutMs: number | undefined
  /** What the OACK says; empty: none is sent. */
  granted: readonly Option[]
}

/** Options not asked for keep to RFC 1350: 512 bytes, one block at a time. */
export function agreeOn(asked: readonly Option[], size: number, limits: OptionLimits): Terms {
  const terms = { blockSize: 512, windowSize: 1, timeoutMs: undefined as number | undefined }
  const granted: Option[] = []
  for (const { name, value } of asked) {
    const option = name.toLowerCase()
    if (!isKnown(option) || limits.refuse.has(option) || !plainDecimal.test(value)) continue
    const grant = grants[option](Number(value), limits, size)
    if (grant === undefined) continue
    // The name goes back as it came: some phones compare it letter by letter.
    granted.push({ name, value: String(grant) })
    if (option === 'blksize') terms.blockSize = grant
    if (option === 'windowsize') terms.windowSize = grant
    if (option === 'timeout') terms.timeoutMs = grant * 1_000
  }
  return { ...terms, granted }
}

const plainDecimal = /^\d{1,12}$/

/** Beyond half the circle of block numbers an old acknowledgement could be taken for a new one. */
const windowOfNumbers = 32_767

type Grant = (asked: number, limits: OptionLimits, size: number) => number | undefined

/** What each option is granted with; `undefined` when it is out of range and therefore dropped. */
const grants: Record<OptionName, Grant> = {
  blksize: (asked, { maxBlockSize }) => (asked < 8 ? undefined : Math.min(asked, maxBlockSize)),
  tsize: (_asked, _limits, size) => size,
  timeout: (asked) => (asked >= 1 && asked <= 255 ? asked : undefined),
  windowsize: (asked, { maxWindowSize }) =>
    asked >= 1 && asked <= Math.min(maxWindowSize, windowOfNumbers) ? asked : undefined,
}

const isKnown = (name: string): name is OptionName => Object.hasOwn(grants, name)
