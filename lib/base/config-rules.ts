import type { Complaint } from './complaint.ts'
import type { Config } from './config.ts'

/** Where a setting was given. */
export type PlaceOf = (setting: string) => Pick<Complaint, 'source' | 'line'>

/** What the schema cannot see: settings that exclude each other. */
export function* contradictions(config: Config, placeOf: PlaceOf): Iterable<Complaint> {
  const at = (setting: string, problem: string, fix: string): Complaint => ({
    ...placeOf(setting),
    setting,
    problem,
    fix,
  })
  const { https, tftp, ftp, userData } = config
  for (const { setting, port, other } of portsTakenTwice(config))
    yield at(setting, `port ${port} is also in ${other}`, 'give each its own')
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
  for (const [setting, range] of [
    ['tftp.transferPorts', tftp.transferPorts],
    ['ftp.passivePorts', ftp.passivePorts],
  ] as const) {
    const [first = 0, last = 0] = range.split('-').map(Number)
    if (range !== '' && (first < 1 || last > 65_535 || first > last))
      yield at(setting, `${range} is not a range of ports`, 'write first-last, such as 50000-50999')
  }
  for (const [row, { protocols, policy }] of userData.policies.entries()) {
    if (policy === 'credentials' && protocols.some((protocol) => protocol !== 'https'))
      yield at(
        `userData.policies.${row}.policy`,
        'credentials would be sent in clear text',
        'give the row protocols = ["https"]',
      )
  }
}

function* portsTakenTwice({ http, https, ftp, status }: Config) {
  const claims: [string, readonly number[]][] = [
    ['http.ports', http.enabled ? http.ports : []],
    ['https.ports', https.enabled ? https.ports : []],
    ['ftp.port', ftp.enabled ? [ftp.port] : []],
    ['ftp.implicitTlsPorts', ftp.enabled ? ftp.implicitTlsPorts : []],
    ['status.port', status.enabled ? [status.port] : []],
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
