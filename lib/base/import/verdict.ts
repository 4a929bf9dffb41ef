/** What becomes of one setting of an old product. */
export interface Verdict {
  /** `changed`: it is carried, but does not mean quite the same here. */
  outcome: 'carried' | 'changed' | 'dropped'
  /** Our settings, by their dotted names. */
  settings: Readonly<Record<string, unknown>>
  /** Why it is not carried, what changes, or what to think of. */
  note?: string
  /** What was unsafe about it on the old server. */
  danger?: string
}

export const carried = (settings: Verdict['settings'], note?: string): Verdict => ({
  outcome: 'carried',
  settings,
  ...(note === undefined ? {} : { note }),
})

export const changed = (settings: Verdict['settings'], note: string): Verdict => ({
  outcome: 'changed',
  settings,
  note,
})

export const dropped = (note: string, danger?: string): Verdict => ({
  outcome: 'dropped',
  settings: {},
  note,
  ...(danger === undefined ? {} : { danger }),
})
