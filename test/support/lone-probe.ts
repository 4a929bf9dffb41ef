import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock } from '../../lib/base/clock.ts'
import { defaultConfig, type Config } from '../../lib/base/config.ts'
import type { Finding, Probe } from '../../watchdog/probe.ts'
import { newToken } from '../../watchdog/probes/names.ts'
import type { ProbeParts } from '../../watchdog/probes/parts.ts'
import { PhoneStub } from '../../watchdog/probes/phone-stub.ts'
import { Turns } from '../../watchdog/probes/turns.ts'
import { temporaryFolder } from './folder.ts'

/** What a probe needs where there is no file server, but whatever the test puts in its place. */
export async function loneParts(
  t: TestContext,
  change: (config: Config) => void = () => {},
): Promise<ProbeParts> {
  const folder = await temporaryFolder(t)
  const config = defaultConfig()
  config.data.folder = folder
  config.run.folder = join(folder, 'run')
  config.watchdog.timeoutMs = 1_000
  for (const door of [config.http, config.https, config.tftp, config.ftp]) door.addresses = ['127.0.0.1']
  for (const data of ['HTTPdata', 'HTTPSdata', 'TFTPdata', '.state']) await mkdir(join(folder, data))
  config.userData.ftp = config.userData.http = config.userData.https = 'open'
  change(config)
  const token = newToken()
  const phone = new PhoneStub(config.snmp, ['127.6.9.1'], `watchdog${token}`)
  t.after(() => phone.close())
  return { config, clock: systemClock, token, phone, turns: new Turns(), introduce: async () => {} }
}

export const run = (probe: Probe): Promise<Finding> => probe.run(new AbortController().signal)

/** The sentence of a finding that has one. */
export const whyOf = (finding: Finding): string => ('why' in finding ? finding.why : '')

/** A TCP server on 127.0.0.1 that does with each connection what it is told; ended with the test. */
export async function tcpLiar(t: TestContext, talk: (socket: Socket) => void): Promise<number> {
  return listening(
    t,
    createServer((socket) => {
      socket.on('error', () => {})
      talk(socket)
    }),
  )
}

export async function listening(t: TestContext, server: Server): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => open.add(socket))
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A UDP socket on 127.0.0.1 that answers each packet as it is told. */
export async function udpLiar(
  t: TestContext,
  answer: (packet: Buffer, from: RemoteInfo, socket: UdpSocket) => void,
): Promise<number> {
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.on('message', (packet, from) => answer(packet, from, socket))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket.address().port
}
