import { carried, changed, dropped } from '../../lib/base/import/verdict.ts'
import { isOn, type Rule } from './rules.ts'

/** What becomes of the section about the question to the phone. */

export const useSnmp: Rule = (value, lookup) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  if (!on)
    return dropped(
      'phones are asked who they are; where they do not answer, choose another policy in userData.policies',
      'without the question everybody could read and replace the data of every user',
    )
  return {
    ...carried({ 'userData.ftp': 'snmp' }),
    ...(lookup('SNMP', 'Params') === undefined
      ? { danger: 'with no Params line the community is "public", which everybody knows' }
      : {}),
  }
}

export const snmpParameters: Rule = (value) => {
  const [, version] = /(?:^|\s)-v\s*(1|2c|3)(?:\s|$)/.exec(value) ?? []
  const isPublic = /(?:^|\s)-c\s*public(?:\s|$)/.test(value)
  const note = 'the community is a password, and is not carried: put it into snmp.community'
  return {
    ...(version === undefined ? dropped(note) : changed({ 'snmp.version': `v${version}` }, note)),
    ...(isPublic ? { danger: 'the community is "public", which everybody knows' } : {}),
  }
}

/** Those of 46xx phones, which are built in as all families we know. */
const builtIn = { ExtObject: '1.3.6.1.4.1.6889.2.69.1.4.9.0', TypeObject: '1.3.6.1.4.1.6889.2.69.1.1.2.0' }

export const snmpObject =
  (key: keyof typeof builtIn): Rule =>
  (value, lookup) => {
    if (plainOid(value) === builtIn[key]) return carried({}, 'built in')
    const extension = plainOid(lookup('SNMP', 'ExtObject') ?? builtIn.ExtObject)
    const model = plainOid(lookup('SNMP', 'TypeObject') ?? builtIn.TypeObject)
    return carried({ 'snmp.families': [{ family: 'imported', extension, model }] })
  }

const plainOid = (text: string) => text.trim().replace(/^\./, '')
