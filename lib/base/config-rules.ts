import type { Complaint } from './complaint.ts'
import type { Config } from './config.ts'
import { isPortRange } from './port-range.ts'
import { pairContradictions } from './settings/pair-rules.ts'

/** Where a setting was given. */
export type PlaceOf = (setting: string) => Pick<Complaint, 'source' | 'line'>

type At = (setting: string, problem: string, fix: string) => Complaint

/** What the schema cannot see: settings that exclude each other. */
export function* contradictions(config: Config, placeOf: PlaceOf): Iterable<Complaint> {
  const at: At = (setting, problem, fix) => ({ ...placeOf(setting), setting, problem, fix })
  for (const { setting, port, other } of portsTakenTwice(config))
    yield at(setting, `port ${port} is also in ${other}`, 'give each its own')
  yield* aboutTls(config, at)
  yield* aboutRanges(config, at)
  yield* aboutIdentity(config, at)
  yield* aboutAlerts(config, at)
  for (const [setting, problem, fix] of pairContradictions(config)) yield at(setting, problem, fix)
}

function* aboutTls({ https }: Config, at: At): Iterable<Complaint> {
  for (const port of Object.keys(https.profileOfPort)) {
    if (!https.ports.includes(Number(port)))
      yield at('https.profileOfPort', `port ${port} is not in https.ports`, 'add it there or remove it here')
  }
  if (https.enabled && https.clientAuth !== 'none' && https.clientCa === '') {
    yield at(
      'https.clientAuth',
      'client certificates are asked for, but https.clientCa is empty',
      'name the file of the authorities',
    )
  }
}

function* aboutRanges({ tftp, ftp }: Config, at: At): Iterable<Complaint> {
  for (const [setting, range] of [
    ['tftp.transferPorts', tftp.transferPorts],
    ['ftp.passivePorts', ftp.passivePorts],
  ] as const) {
    if (range !== '' && !isPortRange(range))
      yield at(setting, `${range} is not a range of ports`, 'write first-last, such as 50000-50999')
  }
}

/** How phones and users prove who they are. Keys of SNMP v3 have at least 8 characters: RFC 3414, 11.2. */
function* aboutIdentity({ userData, snmp }: Config, at: At): Iterable<Complaint> {
  for (const [row, { protocols, policy }] of userData.policies.entries()) {
    if (policy === 'credentials' && protocols.some((protocol) => protocol !== 'https'))
      yield at(
        `userData.policies.${row}.policy`,
        'credentials would be sent in clear text',
        'give the row protocols = ["https"]',
      )
  }
  if (snmp.version !== 'v3') {
    if (snmp.community === '')
      yield at('snmp.community', 'is empty', 'give the one of the phones (SNMPSTRING)')
    return
  }
  if (snmp.user === '') yield at('snmp.user', 'is empty', 'SNMP v3 needs the user that the phones know')
  if (snmp.privProtocol !== 'none' && snmp.authProtocol === 'none')
    yield at('snmp.privProtocol', 'cannot be without snmp.authProtocol', 'choose both, or neither')
  for (const [protocol, key] of [
    ['authProtocol', 'authKey'],
    ['privProtocol', 'privKey'],
  ] as const) {
    if (snmp[protocol] !== 'none' && snmp[key].length < 8)
      yield at(
        `snmp.${key}`,
        'has fewer than 8 characters',
        `SNMP v3 demands 8, or snmp.${protocol} = "none"`,
      )
  }
}

/** What would be noticed only when the first alert is lost. */
function* aboutAlerts({ alertMail, alertTrap }: Config, at: At): Iterable<Complaint> {
  if (alertMail.host !== '' && alertMail.to.length === 0)
    yield at('alertMail.to', 'is empty', 'name who gets the mail, or empty alertMail.host')
  if (alertTrap.host === '') return
  if (alertTrap.version === 'v2c') {
    if (alertTrap.community === '') yield at('alertTrap.community', 'is empty', 'give the one of the manager')
    return
  }
  if (alertTrap.user === '')
    yield at('alertTrap.user', 'is empty', 'SNMP v3 needs the user that the manager knows')
  if (alertTrap.privKey !== '' && alertTrap.authKey === '')
    yield at('alertTrap.privKey', 'cannot be without alertTrap.authKey', 'give both, or neither')
  for (const key of ['authKey', 'privKey'] as const)
    if (alertTrap[key] !== '' && alertTrap[key].length < 8)
      yield at(`alertTrap.${key}`, 'has fewer than 8 characters', 'SNMP v3 demands 8')
}

/** Those of TCP. */
function* portsTakenTwice({ http, https, ftp, status, watchdog, pair }: Config) {
  const claims: [string, readonly number[]][] = [
    ['http.ports', http.enabled ? http.ports : []],
    ['https.ports', https.enabled ? https.ports : []],
    ['ftp.port', ftp.enabled ? [ftp.port] : []],
    ['ftp.implicitTlsPorts', ftp.enabled ? ftp.implicitTlsPorts : []],
    ['status.port', status.enabled ? [status.port] : []],
    ['watchdog.port', [watchdog.port]],
    ['pair.replicaPort', pair.enabled ? [pair.replicaPort] : []],
    ['pair.mirrorPort', pair.enabled ? [pair.mirrorPort] : []],
    ['pair.healthPort', pair.enabled && pair.healthPort !== 0 ? [pair.healthPort] : []],
  ]
  const takenBy = new Map<number, string>()
  for (const [setting, ports] of claims) {
    for (const port of ports) {
      const other = takenBy.get(port)
      if (other !== undefined) yield { setting, port, other }
      takenBy.set(port, setting)
    }
  }
}
