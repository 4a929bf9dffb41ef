import { systemClock } from '../lib/base/clock.ts'
import { runComponents } from '../lib/base/component.ts'
import type { Config } from '../lib/base/config.ts'
import { openLog } from '../lib/base/log.ts'
import { environment, listenForStop } from '../lib/base/process.ts'
import { assembleWatchdog } from './assemble-watchdog.ts'

/** How long probes, cures and messages under way may take to end. */
const usualGraceMs = 20_000

export interface WatchOptions {
  /** Of the file server, where it is our child. */
  fileserverArgs: readonly string[]
  graceMs?: number
  onReady?: () => void
}

/** Runs a watchdog until the process is asked to stop. @throws the first cause when it cannot start or breaks */
export async function runWatchdog(config: Config, options: WatchOptions): Promise<void> {
  const { fileserverArgs, graceMs = usualGraceMs, onReady } = options
  const opened = openLog('watchdog', { ...config.log, file: config.watchdog.logFile })
  const { log } = opened
  const stop = listenForStop((signal) => log.info({ signal }, 'stop asked for'))
  const program = new URL('fileserver.ts', import.meta.url).pathname
  const { parts } = assembleWatchdog(config, {
    clock: systemClock,
    log,
    notifySocket: environment()['NOTIFY_SOCKET'],
    child: {
      program: process.execPath,
      args: [program, ...fileserverArgs, '--until-input-ends'],
      env: environment(),
      showOutput: true,
    },
  })
  try {
    await runComponents(parts, {
      until: stop.signal,
      graceMs,
      log,
      ready() {
        log.info('ready')
        onReady?.()
      },
    })
    log.info('stopped')
  } catch (error) {
    log.fatal({ err: error }, 'watchdog failed')
    throw error
  } finally {
    stop.dispose()
    await opened.close()
  }
}
