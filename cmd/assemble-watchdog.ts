import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../lib/base/clock.ts'
import { askControl, controlSocket, controlSocketPath } from '../lib/base/control-socket.ts'
import type { Component } from '../lib/base/component.ts'
import type { Config } from '../lib/base/config.ts'
import type { Log } from '../lib/base/log.ts'
import type { Protocol } from '../lib/base/protocol.ts'
import { Telling } from '../watchdog/alerts/telling.ts'
import { watchdogRoutes } from '../watchdog/control-routes.ts'
import { DeadMan } from '../watchdog/dead-man.ts'
import { discoverProbes } from '../watchdog/discover.ts'
import { Evidence } from '../watchdog/evidence.ts'
import { FileServer } from '../watchdog/file-server.ts'
import { SystemdNotify } from '../watchdog/notify.ts'
import { newToken, sweepCheckFiles } from '../watchdog/probes/names.ts'
import { ChildRestarter } from '../watchdog/restart-child.ts'
import { ScriptRestarter, SystemdRestarter, type Restarter } from '../watchdog/restart.ts'
import { rulesOf } from '../watchdog/rules.ts'
import { StateFile } from '../watchdog/state-file.ts'
import { WatchdogStatusServer } from '../watchdog/status-server.ts'
import { Watchdog } from '../watchdog/watchdog.ts'

export interface WatchdogAssembly {
  /** In the order they start. */
  parts: Component[]
  watchdog: Watchdog
  telling: Telling
}

export interface WatchdogOptions {
  clock: Clock
  log: Log
  /** NOTIFY_SOCKET of systemd; undefined or empty: none. */
  notifySocket: string | undefined
  /** How to start the file server, where it is our child. */
  child: Pick<ConstructorParameters<typeof ChildRestarter>[0], 'program' | 'args' | 'env' | 'showOutput'>
}

/** Wires a watchdog. Nothing is started. */
export function assembleWatchdog(config: Config, options: WatchdogOptions): WatchdogAssembly {
  const { clock, log, notifySocket } = options
  const node = config.node.name || hostname()
  const socketPath = controlSocketPath(config.run.folder, 'fileserver')
  const stateFolder = join(config.data.folder, '.state', 'watchdog')
  const token = newToken()
  const telling = new Telling(config, { folder: join(stateFolder, 'queue'), node, clock, log })
  const probes = discoverProbes(config, { clock, token })
  const notify = new SystemdNotify(notifySocket, { clock, log })
  const deadMan = new DeadMan(config.watchdog.deadManUrl, { log })
  const restarter = restarterOf(config, options, socketPath)
  const watchdog = new Watchdog({
    probes: probes.all,
    rules: rulesOf(config.watchdog, node, config.pair.enabled),
    fileServer: new FileServer(socketPath, token),
    restarter,
    ...(config.pair.enabled ? { handOver: (why) => handOver(config, node, why) } : {}),
    evidence: new Evidence(
      { dataFolder: config.data.folder, socketPath, logFile: config.log.file },
      { clock, log },
    ),
    tell: (message) => telling.tell(message),
    notify,
    roundMs: slowestRoundMs(config.watchdog),
    onRound: (allWell) => {
      if (allWell) deadMan.ping()
    },
    stateFile: new StateFile(join(stateFolder, 'state.json'), { log }),
    protocols: protocolsOf(config),
    clock,
    log,
  })
  const facts = { node, view: () => watchdog.view(), channels: () => telling.status() }
  return {
    watchdog,
    telling,
    parts: [
      telling,
      ...(restarter instanceof ChildRestarter ? [asComponent(restarter)] : []),
      probesComponent(config, token, () => probes.close(), notify),
      watchdog,
      controlSocket(
        controlSocketPath(config.run.folder, 'watchdog'),
        watchdogRoutes({ watchdog, telling, clock }),
      ),
      new WatchdogStatusServer(config.watchdog, facts),
    ],
  }
}

const drainMs = 200

/** @throws Error when the agent refuses: the other node may not have everything */
async function handOver({ run }: Config, node: string, why: string): Promise<string> {
  const socketPath = controlSocketPath(run.folder, 'agent')
  const { active } = await askControl<{ active?: string }>(socketPath, '/status')
  if (active !== node)
    throw new Error(`this node is not the active one${active === undefined ? '' : `: ${active} is`}`)
  const body = { by: 'the watchdog', why, drainMs, dryRun: false }
  const { after } = await askControl<{ after: { active: string } }>(socketPath, '/handover', {
    method: 'POST',
    body,
  })
  return `handed over to ${after.active}`
}

/** Probes wait up to a tenth longer than the interval, so that they do not all come at once, and then for their answer. */
const slowestRoundMs = ({ intervalSeconds, suspectSeconds, timeoutMs }: Config['watchdog']): number =>
  Math.max(intervalSeconds, suspectSeconds) * 1_100 + timeoutMs

const protocolsOf = ({ http, https, tftp, ftp }: Config): Protocol[] =>
  Object.entries({ http, https, tftp, ftp }).flatMap(([protocol, { enabled }]) =>
    enabled ? [protocol as Protocol] : [],
  )

/** How long the file server's child may take. */
const stopMs = 15_000
const readyMs = 30_000

function restarterOf(
  { watchdog }: Config,
  options: WatchdogOptions,
  socketPath: string,
): Restarter | undefined {
  const { restart, unit, script, scriptTimeoutMs } = watchdog
  const { log } = options
  switch (restart) {
    case 'none':
      return undefined
    case 'systemd':
      return new SystemdRestarter({ unit, timeoutMs: scriptTimeoutMs }, { log })
    case 'script':
      return new ScriptRestarter({ program: script, timeoutMs: scriptTimeoutMs }, { log })
    case 'child':
      return childRestarter(options, socketPath)
  }
}

function childRestarter({ clock, log, child }: WatchdogOptions, socketPath: string): ChildRestarter {
  // Another one may still be there, left behind by a watchdog that was killed: it is not ours, and does not count.
  const isReady = async () => {
    const status = await askControl<{ process: { pid: number } }>(socketPath, '/status', {
      timeoutMs: 1_000,
    }).catch(() => undefined)
    return status !== undefined && status.process.pid === restarter.pid
  }
  const onDied = () => {} // the probe of the file server misses, and judges
  const restarter: ChildRestarter = new ChildRestarter(
    { ...child, stopMs, readyMs },
    { clock, log, isReady, onDied },
  )
  return restarter
}

/** The file server lives as long as we do. */
const asComponent = (child: ChildRestarter): Component => ({
  name: 'file server',
  async start() {
    const { ok, why } = await child.start()
    if (!ok) throw new Error(`the file server does not start: ${why}`)
  },
  async stop() {
    await child.stop()
  },
})

/** What probes leave behind is swept before the first, and closed after the last. */
const probesComponent = (
  { data }: Config,
  token: string,
  close: () => Promise<void>,
  notify: SystemdNotify,
): Component => ({
  name: 'probes',
  async start() {
    await sweepCheckFiles(data.folder, token)
  },
  async stop() {
    await close()
    await notify.close()
  },
})
