import { dataFolder } from './data-folder.ts'
import {
  carried,
  changed,
  comesWith,
  dropped,
  flag,
  isLinuxPath,
  isOn,
  onePort,
  path,
  whyNoPath,
  wholeNumber,
  type Rule,
  type RuleTable,
} from './rules.ts'

const ftp = comesWith('the FTP door')
const superUser = comesWith('the FTP door (super user)')
const ftps = comesWith('the FTPS door')
const central = comesWith('central servers (updates and backups between servers)')
const otherFtp = comesWith('backups to an FTP server of yours')
const records = comesWith('copies of CDR and BCMS data')
const snmp = comesWith('the FTP door, which asks the phone who it is')

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

const superUserPassword: Rule = (value) =>
  dropped(
    'passwords are never carried; the super user comes with the FTP door',
    value.trim() === 'Avaya'
      ? 'it is the password every installation was delivered with: change it on the old server while that still runs'
      : undefined,
  )

const useSnmp: Rule = (value, lookup) =>
  dropped(
    'comes with the FTP door, which asks the phone who it is',
    isOn(value) === true && lookup('SNMP', 'Params') === undefined
      ? 'with no Params line the community is "public", which everybody knows'
      : undefined,
  )

const snmpParameters: Rule = (value) =>
  dropped(
    'comes with the FTP door; the community is a password, and is not carried',
    /(?:^|\s)-c\s*public(?:\s|$)/.test(value)
      ? 'the community is "public", which everybody knows'
      : undefined,
  )

const noShell: Rule = () => dropped('no command line is built here: phones are asked directly')

/** Every key of MV_IPTel.ini we know of, and what becomes of it. */
export const mvIptel: RuleTable = {
  Settings: {
    DetailedLog: flag('log.detailed'),
    RunStatus: runStatus,
    StatusPort: wholeNumber('status.port'),
    StatusRefresh: wholeNumber('status.refreshSeconds'),
    Archive: comesWith('user data (the monthly archive)'),
    LogFile: logFile,
    Version: () => dropped('written by the old program for itself'),
    ServerName: serverName,
  },
  FTP: {
    RunFTP: ftp,
    FTPPort: ftp,
    FTPDataPort: ftp,
    FTPDir: dataFolder('ftp'),
    FTP_TimeOut: ftp,
    EnableSU: superUser,
    SUUserName: superUser,
    SUPassword: { rule: superUserPassword, secret: true },
  },
  FTPS: { RunFTPS: ftps, FTPPort: ftps, FTPDataPort: ftps },
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
    CustomFTP: otherFtp,
    CustomFTPDir: otherFtp,
    CustomFTPUName: otherFtp,
    CustomFTPPwd: { rule: () => dropped('passwords are never carried'), secret: true },
    CDRBackup: records,
    BCMSBackup: records,
    RetainDays: records,
  },
  SNMP: {
    UseSNMP: useSnmp,
    Command: noShell,
    Params: { rule: snmpParameters, secret: true },
    ExtObject: snmp,
    TypeObject: snmp,
    Awk: noShell,
  },
}
