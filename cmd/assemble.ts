import { hostname } from 'node:os'
import { Gate } from '../ha/replica/gate.ts'
import { Alarms } from '../lib/base/alarms.ts'
import { systemClock } from '../lib/base/clock.ts'
import type { Component } from '../lib/base/component.ts'
import type { Config } from '../lib/base/config.ts'
import { controlSocket, controlSocketPath } from '../lib/base/control-socket.ts'
import type { OpenLog } from '../lib/base/log.ts'
import { isRoot } from '../lib/base/process.ts'
import { HotFiles } from '../lib/files/hot-files.ts'
import { ProbeFiles } from '../lib/files/probe-files.ts'
import { ProbeKeeper } from '../lib/files/probe-keeper.ts'
import { FtpServer } from '../lib/ftp/server.ts'
import { HttpDoor, HttpsDoor } from '../lib/http/server.ts'
import { parseAddressRange, rangeHolds } from '../lib/phones/address.ts'
import { identifyFileName, identifyUserAgent } from '../lib/phones/identity.ts'
import { Activity } from '../lib/status/activity.ts'
import { BootTraces } from '../lib/status/boot-traces.ts'
import { Heartbeat } from '../lib/status/heartbeat.ts'
import { LoopLag } from '../lib/status/loop-lag.ts'
import { Metrics } from '../lib/status/metrics.ts'
import type { Snapshot } from '../lib/status/snapshot.ts'
import { StatusServer } from '../lib/status/status-server.ts'
import { Totals } from '../lib/status/totals.ts'
import { probeLog, transferLog } from '../lib/status/transfer-log.ts'
import { CertificateKeeper } from '../lib/tls/certificate-keeper.ts'
import { TftpServer } from '../lib/tftp/server.ts'
import { assembleFiles, kindOfAsked } from './assemble-files.ts'
import { assemblePair } from './assemble-pair.ts'
import { fileserverRoutes } from './control-routes.ts'
import { profilesOf } from './doors-with-tls.ts'
import { version } from './version.ts'

export interface Fileserver {
  /** In the order they start. */
  parts: Component[]
  activity: Activity
  snapshot: () => Snapshot
  /** Reads address lists and certificates afresh. @throws Error when a certificate cannot be used; the old one stays */
  reload: () => void
}

/** Wires a file server: which part gets which settings and collaborators. Nothing is started. */
export function assembleFileserver(config: Config, { log, setDetailed }: OpenLog): Fileserver {
  const clock = systemClock
  const startedAt = clock.wallTime()
  const startedMs = clock.now()
  const alarms = new Alarms({ clock, log })
  const hot = new HotFiles(config.data.cacheMb * 1024 * 1024)
  const probes = new ProbeFiles(config.watchdog.address)
  const probeKeeper = new ProbeKeeper(config.data.folder, { probes, log })
  const heartbeat = new Heartbeat(config.watchdog.silentSeconds, { clock, alarms, log })
  const gate = config.pair.enabled ? new Gate(clock) : undefined
  const { files, users, lists, admission } = assembleFiles(config, { hot, probes, gate, alarms, clock, log })

  const isWatchdog = (address: string) => probes.isWatchdog(address)
  const activity = new Activity(clock, {
    isProbe: ({ address, asked }) => isWatchdog(address) || probes.has(asked),
    onProbe: probeLog(log),
  })
  const totals = new Totals()
  const traces = new BootTraces(
    { phones: config.phones.remember, boots: config.phones.boots },
    { clock, kindOf: kindOfAsked, identifyName: identifyFileName },
  )
  const loopLag = new LoopLag()
  const metrics = new Metrics(() => snapshot())
  for (const listener of [transferLog(log), totals.record, traces.record, metrics.record])
    activity.onFinished(listener)

  const collaborators = {
    files,
    activity,
    clock,
    log,
    alarms,
    identify: identifyUserAgent,
    phoneAt: (address: string) => traces.traitsAt(address),
    realm: config.userData.realm,
    ...(gate === undefined ? {} : { alwaysHeaders: () => pair?.alwaysHeaders() ?? [] }),
  }
  const profiles = profilesOf(config)
  const certificates = new CertificateKeeper(config.https, profiles, collaborators)
  const http = config.http.enabled ? new HttpDoor(config.http, collaborators) : undefined
  const https = config.https.enabled
    ? new HttpsDoor(config.https, { ...collaborators, certificates })
    : undefined
  const tftp = config.tftp.enabled ? new TftpServer(config.tftp, collaborators) : undefined
  const ftp = config.ftp.enabled
    ? new FtpServer(config.ftp, { ...collaborators, certificates, logins: users.logins, isWatchdog })
    : undefined
  const doors = [http, https, tftp, ftp].filter((door) => door !== undefined)

  const pair =
    gate &&
    assemblePair(config, {
      gate,
      store: users.store,
      transfers: () => activity.active().length,
      addressesChanged: async () => tftp?.addressesChanged(),
      certificatesCame: () => certificates.reload(),
      alarms,
      clock,
      log,
    })

  const snapshot = (): Snapshot => ({
    node: config.node.name || hostname(),
    version,
    startedAt,
    uptimeSeconds: Math.round((clock.now() - startedMs) / 1000),
    doors: doors.flatMap((door) => door.status()),
    certificates: certificates.list(),
    users: users.status(),
    slots: { max: config.access.maxClients, used: admission.clients(clock.now()).length },
    cache: { files: hot.count, bytes: hot.bytes, budgetBytes: hot.budgetBytes },
    totals: totals.all(),
    active: activity.active(),
    alarms: alarms.list(),
    watchdog: heartbeat.status(),
    detailedLog: log.level === 'debug',
    process: { pid: process.pid, memoryBytes: process.memoryUsage.rss(), loopLagMs: loopLag.read() },
  })
  const reload = () => {
    lists.reload()
    if (profiles.length > 0) certificates.reload()
    log.info('settings of access and certificates read afresh')
  }

  const routes = fileserverRoutes({
    config,
    snapshot,
    lists,
    users,
    admission,
    traces,
    activity,
    clock,
    setDetailed,
    reload,
    log,
    pair,
    watchdog: { doors, traces, heartbeat, probeKeeper, store: users.store },
  })
  const parts: Component[] = [
    loopLag,
    ...(profiles.length === 0 ? [] : [certificates]),
    probeKeeper,
    ...users.parts,
    ...(pair?.parts ?? []),
    ...doors,
    ...users.laterParts,
    heartbeat,
    controlSocket(controlSocketPath(config.run.folder, 'fileserver'), routes),
  ]
  if (config.status.enabled) {
    const ranges = config.status.allow.map(parseAddressRange)
    const allows = (address: string) => ranges.some((range) => rangeHolds(range, address))
    parts.push(new StatusServer(config.status, { snapshot, traces, metrics, allows }))
  }
  if (isRoot()) log.warn({ needed: 'CAP_NET_BIND_SERVICE' }, 'running as root')
  return { parts, activity, snapshot, reload }
}
