import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { systemClock } from '../../lib/base/clock.ts'
import type { Config } from '../../lib/base/config.ts'
import { askControl, controlSocketPath } from '../../lib/base/control-socket.ts'
import { discoverProbes, type Probes } from '../../watchdog/discover.ts'
import { newToken } from '../../watchdog/probes/names.ts'
import type { Finding, Probe } from '../../watchdog/probe.ts'
import { startNode, type TestNode } from './node.ts'

export interface ProbedNode {
  node: TestNode
  /** As the watchdog reads them: with the real ports. */
  config: Config
  probes: Probes
  token: string
  /** @throws Error when there is none of that name */
  probe: (name: string | RegExp) => Probe
  run: (name: string | RegExp) => Promise<Finding>
}

/** A whole file server and the probes that are discovered for it; both end with the test. */
export async function startProbedNode(
  t: TestContext,
  change: (config: Config) => void = () => {},
): Promise<ProbedNode> {
  const snmpPort = await freePort('127.6.9.1')
  const node = await startNode(t, (config) => {
    config.snmp.port = snmpPort
    config.snmp.timeoutMs = 300
    config.snmp.retries = 0
    config.status.enabled = false
    change(config)
  })
  const config = structuredClone(node.config)
  const doors = node.fileserver.snapshot().doors
  const portsOf = (protocol: string) =>
    doors.filter((door) => door.protocol === protocol && (protocol !== 'ftp' || door.tls === undefined))
  config.http.ports = portsOf('http').map(({ port }) => port)
  config.https.ports = portsOf('https').map(({ port }) => port)
  config.tftp.port = portsOf('tftp')[0]?.port ?? 69
  config.ftp.port = doors.find((door) => door.protocol === 'ftp')?.port ?? 21
  const token = newToken()
  await askControl(controlSocketPath(config.run.folder, 'fileserver'), '/watchdog/hello', {
    method: 'POST',
    body: { token, pid: process.pid },
  })
  const probes = discoverProbes(config, { clock: systemClock, token })
  t.after(() => probes.close())
  const probe = (name: string | RegExp) => {
    const found = probes.all.find((each) =>
      typeof name === 'string' ? each.name === name : name.test(each.name),
    )
    if (found === undefined) throw new Error(`there is no probe ${String(name)}`)
    return found
  }
  return { node, config, probes, token, probe, run: (name) => probe(name).run(new AbortController().signal) }
}

/** A UDP port that nobody has there just now. */
export async function freePort(address: string): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
