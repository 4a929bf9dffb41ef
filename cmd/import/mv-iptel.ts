import { carried, changed, dropped } from '../../lib/base/import/verdict.ts'
import { dataFolder } from './data-folder.ts'
import { customFtp, enableSuperUser, ftpTimeout, ftpsPort, runFtps, superUserPassword } from './ftp-rules.ts'
import {
  comesWith,
  flag,
  isLinuxPath,
  isOn,
  onePort,
  path,
  someText,
  whyNoPath,
  wholeNumber,
  type Rule,
  type RuleTable,
} from './rules.ts'
import { snmpObject, snmpParameters, useSnmp } from './snmp-rules.ts'

const central = comesWith('central servers (updates and backups between servers)')
const records = comesWith('copies of CDR and BCMS data')

const runStatus: Rule = (value) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  if (!on) return carried({ 'status.enabled': false })
  return changed(
    { 'status.enabled': true },
    'the status page now answers this machine only; open it with status.addresses and status.allow',
  )
}

const logFile: Rule = (value) =>
  isLinuxPath(value)
    ? changed({ 'log.file': value.trim() }, 'its lines are JSON now')
    : dropped(whyNoPath(value))

const serverName: Rule = (value) =>
  /^\s*(?:unknown)?\s*$/i.test(value)
    ? dropped('never set; the host name is shown')
    : carried({ 'node.name': value.trim() })

const clientAuth: Rule = (value) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  if (!on) return carried({ 'https.clientAuth': 'none' })
  return changed(
    { 'https.clientAuth': 'require' },
    'name the authorities of client certificates in https.clientCa, or the node will not start',
  )
}

const authenticateOnly: Rule = (value) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  if (!on) return carried({}, 'the TLSV1 line decides the TLS profile')
  return changed(
    { 'https.profile': 'authenticate-only' },
    'proves who the server is but encrypts nothing, and is shown as weak',
  )
}

const tls1: Rule = (value, lookup) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  if (isOn(lookup('HTTPS', 'IPTel')) === true) return carried({}, 'had no effect beside IPTel=1')
  if (on)
    return changed(
      { 'https.profile': 'legacy' },
      'TLS 1.0 and 1.1 beside newer ones, shown as weak; choose modern if no phone needs them',
    )
  return changed({ 'https.profile': 'modern' }, 'TLS 1.2 and later')
}

const ssl: Rule = (value, lookup) => {
  const on = isOn(value)
  if (on === undefined) return dropped('neither 0 nor 1')
  if (!on) return carried({}, 'off, as it always is here')
  if (isOn(lookup('HTTPS', 'IPTel')) === true) return carried({}, 'had no effect beside IPTel=1')
  return dropped(
    'no maintained OpenSSL can offer it',
    'SSLv2 and SSLv3 are broken: whoever listens can read along',
  )
}

const noShell: Rule = () => dropped('no command line is built here: phones are asked directly')

/** Every key of MV_IPTel.ini we know of, and what becomes of it. */
export const mvIptel: RuleTable = {
  Settings: {
    DetailedLog: flag('log.detailed'),
    RunStatus: runStatus,
    StatusPort: wholeNumber('status.port'),
    StatusRefresh: wholeNumber('status.refreshSeconds'),
    Archive: flag('archive.enabled'),
    LogFile: logFile,
    Version: () => dropped('written by the old program for itself'),
    ServerName: serverName,
  },
  FTP: {
    RunFTP: flag('ftp.enabled'),
    FTPPort: wholeNumber('ftp.port'),
    FTPDataPort: wholeNumber('ftp.dataPort'),
    FTPDir: dataFolder('ftp'),
    FTP_TimeOut: ftpTimeout,
    EnableSU: enableSuperUser,
    SUUserName: someText('superUser.name'),
    SUPassword: { rule: superUserPassword, secret: true },
  },
  FTPS: {
    RunFTPS: runFtps,
    FTPPort: ftpsPort,
    FTPDataPort: () => dropped('data connections of FTPS come from ftp.dataPort, too'),
  },
  TFTP: {
    RunTrivialFTP: flag('tftp.enabled'),
    TrivialFTPPort: wholeNumber('tftp.port'),
    TFTPDir: dataFolder('tftp'),
  },
  HTTP: {
    RunHTTP: flag('http.enabled'),
    HTTPPort: onePort('http.ports', 'phones try 81, then 80: a second port goes into the same list'),
    HTTPDir: dataFolder('http'),
  },
  HTTPS: {
    RunHTTPS: flag('https.enabled'),
    HTTPSPort: onePort('https.ports'),
    HTTPSDir: dataFolder('https'),
    CertFile: path('https.certificate'),
    KeyFile: path('https.key'),
    ClientAuth: clientAuth,
    IPTel: authenticateOnly,
    SSLV2: ssl,
    SSLV3: ssl,
    TLSV1: tls1,
    UseProxy: central,
    ProxyAddr: central,
    ProxyPort: central,
  },
  BACKUP_SERVERS: {
    FileServer: central,
    RequestUpdates: central,
    RequestBackup: central,
    UsePrimarySvr: central,
    PrimaryIP: central,
    UseSecondarySvr: central,
    SecondaryIP: central,
    UpdateInterval: central,
    CustomFTP: customFtp,
    CustomFTPDir: someText('ftpCopy.folder'),
    CustomFTPUName: someText('ftpCopy.user'),
    CustomFTPPwd: {
      rule: () => dropped('passwords are never carried: put it into ftpCopy.password'),
      secret: true,
    },
    CDRBackup: records,
    BCMSBackup: records,
    RetainDays: records,
  },
  SNMP: {
    UseSNMP: useSnmp,
    Command: noShell,
    Params: { rule: snmpParameters, secret: true },
    ExtObject: snmpObject('ExtObject'),
    TypeObject: snmpObject('TypeObject'),
    Awk: noShell,
  },
}
