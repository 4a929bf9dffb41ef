import { carried, dropped, type Verdict } from '../../lib/base/import/verdict.ts'

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
