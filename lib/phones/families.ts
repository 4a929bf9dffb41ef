import { printable } from '../base/printable.ts'
import type { FamilyRow } from '../base/settings/snmp.ts'
import type { Phone } from './phone.ts'

/** What a phone says an object holds: octets, an object identifier or an address, or a number. */
export type SnmpValue = Buffer | string | number

/** What a phone has told; what it does not have, or will not tell, is not in it. */
export type Answers = ReadonlyMap<string, SnmpValue>

/** What the answers of a phone mean. */
export type Reading =
  | { is: 'phone'; phone: Phone }
  /** It has no such extension object: it is of another family. */
  | { is: 'other' }
  /** Nobody is to get files by what it says; `why` goes on after "the phone at 10.1.2.3 ". */
  | { is: 'refused'; why: string }

/** Tells the family of a phone: sysObjectID (RFC 3418, 2). */
export const sysObjectId = '1.3.6.1.2.1.1.2.0'

const avaya = '1.3.6.1.4.1.6889'

/**
 * `Avaya-46xxIPTelephone-MIB`, `Avaya-96xxIPTelephone-MIB`, and for 16xx and 96x1 what others have read from phones.
 * 96x1 stands for its SIP phones and J100: those have the user as `4711@example.com`. Where 96x1 with H.323 has it
 * is not known, so it has no row.
 */
const builtIn: readonly FamilyRow[] = [
  {
    family: '46xx',
    sysObjectId: `${avaya}.1.69.1`,
    extension: `${avaya}.2.69.1.4.9.0`, // endptNVPHONEXT
    model: `${avaya}.2.69.1.1.2.0`, // endptMODEL
    mac: `${avaya}.2.69.1.1.9.0`,
    serial: `${avaya}.2.69.1.1.6.0`,
    version: `${avaya}.2.69.1.3.2.0`, // endptAPPINUSE
  },
  {
    family: '96x0',
    sysObjectId: `${avaya}.1.69.2`,
    extension: `${avaya}.2.69.2.6.3.0`,
    model: `${avaya}.2.69.2.1.43.0`,
    mac: `${avaya}.2.69.2.1.42.0`,
    serial: `${avaya}.2.69.2.1.46.0`,
    version: `${avaya}.2.69.2.1.4.0`,
  },
  {
    family: '16xx',
    sysObjectId: `${avaya}.1.69.3`,
    extension: `${avaya}.2.69.3.6.3.0`,
    model: `${avaya}.2.69.3.1.43.0`,
    mac: `${avaya}.2.69.3.1.42.0`,
    serial: `${avaya}.2.69.3.1.46.0`,
    version: `${avaya}.2.69.3.1.58.0`,
  },
  {
    family: '96x1',
    sysObjectId: `${avaya}.1.69.6`,
    extension: `${avaya}.2.69.6.7.26.0`,
    model: `${avaya}.2.69.6.1.52.0`,
    mac: `${avaya}.2.69.6.1.50.0`,
    serial: `${avaya}.2.69.6.1.57.0`,
    version: `${avaya}.2.69.6.1.4.0`,
  },
]

/** The table of families: own rows first, each in the place of a built-in one of its name. */
export function familiesWith(own: readonly FamilyRow[]): readonly FamilyRow[] {
  const names = own.map(({ family }) => family)
  return [...own.map(withoutDots), ...builtIn.filter(({ family }) => !names.includes(family))]
}

/**
 * Families to try, in this order, for what a phone said its sysObjectID is: those of that identifier, and those that
 * name none. All of them, when none has it or the phone has none.
 */
export function candidates(
  families: readonly FamilyRow[],
  identifier: SnmpValue | undefined,
): readonly FamilyRow[] {
  const fits = ({ sysObjectId: prefix }: FamilyRow) =>
    prefix !== undefined && `${String(identifier)}.`.startsWith(`${prefix}.`)
  return families.some(fits) ? families.filter((row) => row.sysObjectId === undefined || fits(row)) : families
}

/** The objects to ask a phone of that family for, the extension first. */
export function objectsOf({ extension, model, mac, serial, version }: FamilyRow): readonly string[] {
  return [extension, model, mac, serial, version].filter((oid) => oid !== undefined)
}

/** Understands what a phone answered when it was asked for the objects of a family. */
export function readPhone(row: FamilyRow, answers: Answers): Reading {
  const said = answers.get(row.extension)
  if (said === undefined) return { is: 'other' }
  const extension = readExtension(said)
  if (extension === undefined) return { is: 'refused', why: whyNoExtension(said) }
  const told = (oid: string | undefined) => (oid === undefined ? undefined : answers.get(oid))
  const mac = readMac(told(row.mac))
  const serial = readWord(told(row.serial))
  const version = readWord(told(row.version))
  return {
    is: 'phone',
    phone: {
      family: row.family,
      model: readWord(told(row.model)) ?? '',
      extension,
      ...(mac === undefined ? {} : { mac }),
      ...(serial === undefined ? {} : { serial }),
      ...(version === undefined ? {} : { version }),
    },
  }
}

/**
 * The extension becomes part of file names, so it is of `[0-9A-Za-z]` or it is none; nothing is trimmed or mended. Of
 * `user@domain` it is the user. A lone `0` is what an unset number looks like and the attendant's code in most dial
 * plans: phones without a user would all share its files.
 */
export function readExtension(value: SnmpValue): string | undefined {
  const extension = /^([0-9A-Za-z]{1,32})(?:@[0-9A-Za-z.:[\]-]{1,255})?$/.exec(textOf(value))?.[1]
  return extension === '0' ? undefined : extension
}

/** Six octets, or a text with twelve hex digits between whatever separators are usual. */
export function readMac(value: SnmpValue | undefined): string | undefined {
  if (value === undefined || typeof value === 'number') return undefined
  const isOctets = Buffer.isBuffer(value) && value.length === 6
  const digits = isOctets ? value.toString('hex') : textOf(value).replaceAll(/[\s.:-]/g, '')
  return /^(?!0{12})[\da-f]{12}$/i.test(digits) ? digits.toLowerCase() : undefined
}

/** A model, serial number or version: one short word for people, and nothing that could be a path. */
export function readWord(value: SnmpValue | undefined): string | undefined {
  if (value === undefined) return undefined
  return /^[\s\0]*([0-9A-Za-z][\w .+()-]{0,63}?)[\s\0]*$/.exec(textOf(value))?.[1]
}

const longestValue = 400

function textOf(value: SnmpValue): string {
  if (!Buffer.isBuffer(value)) return String(value)
  // One unit for each octet: no decoder may make one character of several. Longer texts fit no pattern anyway.
  return value.toString('latin1', 0, longestValue)
}

function whyNoExtension(said: SnmpValue): string {
  const text = textOf(said)
  if (text === '') return 'answered, but nobody is logged in: its extension is empty'
  if (text === '0')
    return 'answered that its extension is 0, as phones without a user do: nobody is logged in'
  return `answered with an extension that is none, "${printable(text, 40)}"; only digits and letters are taken`
}

const withoutDot = (oid: string) => oid.replace(/^\./, '')

function withoutDots({ family, sysObjectId: prefix, mac, serial, version, ...row }: FamilyRow): FamilyRow {
  return {
    family,
    extension: withoutDot(row.extension),
    model: withoutDot(row.model),
    ...(prefix === undefined ? {} : { sysObjectId: withoutDot(prefix) }),
    ...(mac === undefined ? {} : { mac: withoutDot(mac) }),
    ...(serial === undefined ? {} : { serial: withoutDot(serial) }),
    ...(version === undefined ? {} : { version: withoutDot(version) }),
  }
}
