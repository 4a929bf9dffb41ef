import { writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { execa } from 'execa'
import { pino } from 'pino'
import { assembleWatchdog } from '../../cmd/assemble-watchdog.ts'
import { prepareNode } from '../../cmd/twintone/first-node.ts'
import { systemClock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import { askControl, controlSocketPath } from '../../lib/base/control-socket.ts'
import { loadConfig } from '../../lib/base/load-config.ts'
import type { Snapshot } from '../../lib/status/snapshot.ts'
import type { View } from '../../watchdog/supervision.ts'
import { writePair } from './http.ts'
import { freePort as freeUdpPort } from './probed-node.ts'
import { freePort } from './program.ts'
import { until } from './until.ts'

export interface WatchedNode {
  folder: string
  ports: { http: number; tftp: number; ftp: number; status: number }
  view: () => View
  /** Of the file server, as it runs now. */
  snapshot: () => Promise<Snapshot>
  /** Resolves once every probe is well. */
  well: () => Promise<void>
  /** Cures that were tried, as the log tells them. */
  cures: () => string[]
  /** The watchdog says nothing any more, without having said goodbye. */
  fallSilent: () => Promise<void>
  stop: () => Promise<void>
}

export interface WatchedOptions {
  /** Further lines of the settings file. */
  settings?: string
  env?: Record<string, string>
  /** Serves HTTPS too, with a certificate that ends in so many days. */
  httpsDays?: number
  /** Its data lies on a disk of its own of that size; root only. */
  dataOnTmpfs?: string
}

/**
 * A watchdog in this process, and a real file server as its child: interval 1 s, limit 3, a second for each answer.
 */
export async function startWatchedNode(t: TestContext, options: WatchedOptions = {}): Promise<WatchedNode> {
  const folder = await mkdtemp(join(tmpdir(), 'twintone-test-'))
  const ports = {
    http: await freePort(),
    tftp: await freePort(),
    ftp: await freePort(),
    status: await freePort(),
  }
  const file = join(folder, 'twintone.toml')
  writeFileSync(
    file,
    settingsOf(folder, ports, {
      snmp: await freeUdpPort('127.6.9.1'),
      https: options.httpsDays === undefined ? undefined : await freePort(),
      more: options.settings ?? '',
    }),
  )
  const data = join(folder, 'data')
  if (options.dataOnTmpfs !== undefined) {
    await mkdir(data)
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${options.dataOnTmpfs}`, 'tmpfs', data])
  }
  const config = loadConfig({ file })
  if (options.httpsDays !== undefined) {
    await mkdir(dirname(config.https.certificate), { recursive: true })
    await writePair(config.https, ['pbx-a.example.com'], options.httpsDays)
  }
  await prepareNode(config, undefined, () => {})
  const cures: string[] = []
  const log = pino(
    {},
    {
      write(line: string) {
        const { msg, rung, probe, ok } = JSON.parse(line) as Record<string, unknown>
        if (msg === 'cure tried')
          cures.push(`${String(rung)} ${String(probe)}${ok === true ? '' : ' failed'}`)
      },
    },
  )
  const program = new URL('deaf-fileserver.ts', import.meta.url).pathname
  const env = { PATH: process.env['PATH'] ?? '', ...options.env }
  const { parts, watchdog } = assembleWatchdog(config, {
    clock: systemClock,
    log,
    notifySocket: undefined,
    child: { program: process.execPath, args: [program, file], env, showOutput: false },
  })
  const stop = () => stopAll(parts)
  t.after(async () => {
    await stop() // before its folder goes
    if (options.dataOnTmpfs !== undefined) await execa('umount', ['--lazy', data])
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  for (const part of parts)
    await part.start((reason) => {
      throw reason
    })
  const view = () => watchdog.view()
  return {
    folder,
    ports,
    view,
    snapshot: () => askControl<Snapshot>(controlSocketPath(config.run.folder, 'fileserver'), '/status'),
    well: async () => {
      await until(() => (view().probes.every(({ state }) => state === 'ok') ? true : undefined), 60_000)
    },
    cures: () => cures,
    fallSilent: () => watchdog.cut(),
    stop,
  }
}

async function stopAll(parts: Component[]): Promise<void> {
  for (const part of parts.splice(0).toReversed()) await part.stop(AbortSignal.timeout(5_000))
}

const settingsOf = (
  folder: string,
  ports: WatchedNode['ports'],
  other: { snmp: number; https: number | undefined; more: string },
) => `
[node]
name = "pbx-a"
[run]
folder = "${folder}/run"
[data]
folder = "${folder}/data"
[log]
file = "${folder}/log/fileserver.log"
stdout = false
[http]
ports = [${ports.http}]
addresses = ["127.0.0.1"]
[https]
enabled = ${other.https !== undefined}
ports = [${other.https ?? 411}]
addresses = ["127.0.0.1"]
certificate = "${folder}/certs/server.pem"
key = "${folder}/certs/server.key"
certsFolder = ""
[tftp]
port = ${ports.tftp}
addresses = ["127.0.0.1"]
[ftp]
port = ${ports.ftp}
addresses = ["127.0.0.1"]
explicitTls = false
implicitTlsPorts = []
dataPort = 0
[status]
enabled = false
[snmp]
port = ${other.snmp}
timeoutMs = 300
retries = 0
[watchdog]
intervalSeconds = 1
suspectSeconds = 1
failureLimit = 3
timeoutMs = 1000
graceSeconds = 0.1
restart = "child"
port = ${ports.status}
logFile = ""
silentSeconds = 4
${other.more.includes('[alertSyslog]') ? '' : '[alertSyslog]\nlocal = false\n'}
${other.more}`
