/** What becomes of one setting of the old product. */
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

/** Looks up another setting of the same file; undefined: it is not there. */
export type Lookup = (section: string, key: string) => string | undefined

/** Decides about a value; it may depend on other settings of the file. */
export type Rule = (value: string, lookup: Lookup) => Verdict

export interface RuleRow {
  rule: Rule
  /** A password or the like: the value is not shown anywhere. */
  secret?: boolean
}

/** Section -> key -> what becomes of it. */
export type RuleTable = Readonly<Record<string, Readonly<Record<string, Rule | RuleRow>>>>

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

/** For what our product does not have yet. */
export const comesWith =
  (part: string): Rule =>
  () =>
    dropped(`comes with ${part}`)

/** 0 or 1. */
export const flag =
  (setting: string): Rule =>
  (value) => {
    const on = isOn(value)
    return on === undefined ? dropped('neither 0 nor 1') : carried({ [setting]: on })
  }

export const wholeNumber =
  (setting: string): Rule =>
  (value) =>
    /^\d{1,9}$/.test(value.trim()) ? carried({ [setting]: Number(value) }) : dropped('not a whole number')

export const someText =
  (setting: string): Rule =>
  (value) =>
    value.trim() === '' ? dropped('empty') : carried({ [setting]: value.trim() })

/** A port that is a list here. */
export const onePort =
  (setting: string, note?: string): Rule =>
  (value) =>
    /^\d{1,9}$/.test(value.trim())
      ? carried({ [setting]: [Number(value)] }, note)
      : dropped('not a port number')

/** A path of this machine; those of Windows mean nothing here. */
export const path =
  (setting: string): Rule =>
  (value) =>
    isLinuxPath(value) ? carried({ [setting]: value.trim() }) : dropped(whyNoPath(value))

export const isOn = (value: string | undefined): boolean | undefined => {
  const text = value?.trim()
  return text === '1' ? true : text === '0' ? false : undefined
}

export const isLinuxPath = (value: string): boolean => value.trim().startsWith('/')

export const whyNoPath = (value: string): string =>
  /^\s*[a-z]:|\\/i.test(value) ? 'a Windows path means nothing on this machine' : 'not an absolute path'
