import { dirname, join } from 'node:path'
import type { Clock } from '../lib/base/clock.ts'
import type { Config } from '../lib/base/config.ts'
import { controlSocketPath } from '../lib/base/control-socket.ts'
import type { Probe } from './probe.ts'
import { certificateProbe } from './probes/certificate.ts'
import { ftpProbe, ftpsProbe } from './probes/ftp.ts'
import { httpProbe } from './probes/http.ts'
import { introducer } from './probes/introduce.ts'
import { clockProbe, diskProbe, memoryProbe, processorProbe, type DiskParts } from './probes/machine.ts'
import { extensionOf } from './probes/names.ts'
import { floatingAddressProbe, pairProbe, portOfPhones } from './probes/pair.ts'
import type { ProbeParts } from './probes/parts.ts'
import { PhoneStub } from './probes/phone-stub.ts'
import { processProbe } from './probes/process.ts'
import { httpRefusalsProbe, passwordProbe, tftpRefusalsProbe } from './probes/refusals.ts'
import { statusPageProbe } from './probes/status-page.ts'
import { targetOf } from './probes/target.ts'
import { tftpProbe } from './probes/tftp.ts'
import { Turns } from './probes/turns.ts'

export interface Probes {
  /** In the order to ask and show them: what others depend on comes first. */
  all: readonly Probe[]
  /** Ends what probes keep open between their runs. */
  close(): Promise<void>
}

/**
 * Which probes there are, by the settings of the node.
 * @param token of this run, as the file server was told it (`newToken`)
 */
export function discoverProbes(config: Config, { clock, token }: { clock: Clock; token: string }): Probes {
  const parts: ProbeParts = {
    config,
    clock,
    token,
    phone: new PhoneStub(config.snmp, phoneAddresses(config), extensionOf(token)),
    turns: new Turns(),
    introduce: introducer(controlSocketPath(config.run.folder, 'fileserver')),
  }
  return {
    all: [
      processProbe(parts),
      ...(config.status.enabled ? [statusPageProbe(parts)] : []),
      ...disksOf(config).map((disk) => diskProbe(disk, parts)),
      ...doorProbes(parts),
      ...refusalProbes(parts),
      ...(config.pair.enabled ? pairProbes(parts) : []),
      memoryProbe(parts),
      processorProbe(parts),
      clockProbe(parts),
    ],
    close: () => parts.phone.close(),
  }
}

function doorProbes(parts: ProbeParts): Probe[] {
  const { http, https, tftp, ftp } = parts.config
  return [
    ...(http.enabled ? http.ports.map((port) => httpProbe('http', port, parts)) : []),
    ...(https.enabled ? https.ports.map((port) => httpProbe('https', port, parts)) : []),
    ...(tftp.enabled ? [tftpProbe(parts)] : []),
    ...(ftp.enabled ? [ftpProbe(ftp.port, parts)] : []),
    ...(ftp.enabled ? ftp.implicitTlsPorts.map((port) => ftpsProbe(port, parts)) : []),
    ...(https.enabled ? https.ports.map((port) => certificateProbe('https', port, parts)) : []),
    ...(ftp.enabled ? ftp.implicitTlsPorts.map((port) => certificateProbe('ftps', port, parts)) : []),
  ]
}

function refusalProbes(parts: ProbeParts): Probe[] {
  const { http, tftp, ftp } = parts.config
  const [port] = http.ports
  const probes = [
    http.enabled && port !== undefined ? httpRefusalsProbe(port, parts) : undefined,
    tftp.enabled ? tftpRefusalsProbe(parts) : undefined,
    ftp.enabled ? passwordProbe(parts) : undefined,
  ]
  return probes.filter((probe) => probe !== undefined)
}

function pairProbes(parts: ProbeParts): Probe[] {
  const { pair } = parts.config
  const port = portOfPhones(parts.config)
  return [
    pairProbe(parts),
    ...(port === undefined ? [] : pair.vip.map((address) => floatingAddressProbe(address, port, parts))),
  ]
}

/** Where the doors see us come from, and ask us who we are. */
function phoneAddresses({ http, https, ftp, watchdog }: Config): string[] {
  const doors = [http, https, ftp].filter(({ enabled }) => enabled)
  return [...new Set(doors.map(({ addresses }) => targetOf(addresses, 0, watchdog.address).from))]
}

function disksOf({ data, log, watchdog }: Config): DiskParts[] {
  const logFile = log.file === '' ? watchdog.logFile : log.file
  return [
    { what: 'data', folder: data.folder, writesTo: join(data.folder, '.state') },
    ...(logFile === '' ? [] : [{ what: 'log', folder: dirname(logFile) }]),
  ]
}
