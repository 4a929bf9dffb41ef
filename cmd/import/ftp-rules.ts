import { carried, changed, dropped } from '../../lib/base/import/verdict.ts'
import { isOn, onePort, type Rule } from './rules.ts'

/** What becomes of the sections about FTP. */

export const ftpTimeout: Rule = (value) =>
  /^\d{1,5}$/.test(value.trim())
    ? changed(
        { 'ftp.dataTimeoutMs': Number(value) * 1_000 },
        'here it is how long a data connection may make no progress; ftp.idleTimeoutMs is for the rest',
      )
    : dropped('not a whole number')

export const enableSuperUser: Rule = (value) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  if (!on) return carried({ 'superUser.password': '' })
  return dropped('there is a super user once superUser.password is set, with what `twintone password` prints')
}

export const superUserPassword: Rule = (value) =>
  dropped(
    'passwords are never carried; `twintone password` makes what superUser.password takes',
    value.trim() === 'Avaya'
      ? 'it is the password every installation was delivered with: change it on the old server while that still runs'
      : undefined,
  )

export const runFtps: Rule = (value) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  return on
    ? carried({}, 'the FTPPort line of this section names the port')
    : carried({ 'ftp.implicitTlsPorts': [] })
}

export const ftpsPort: Rule = (value, lookup) =>
  isOn(lookup('FTPS', 'RunFTPS')) === true
    ? onePort('ftp.implicitTlsPorts')(value, lookup)
    : carried({}, 'FTPS was off')

export const customFtp: Rule = (value) =>
  isOn(value) === true
    ? dropped('name the server in ftpCopy.host, and its password in ftpCopy.password')
    : carried({ 'ftpCopy.host': '' })
