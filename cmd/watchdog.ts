#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { systemClock } from '../lib/base/clock.ts'
import { ConfigError } from '../lib/base/complaint.ts'
import { runComponents } from '../lib/base/component.ts'
import { loadConfig } from '../lib/base/load-config.ts'
import { openLog } from '../lib/base/log.ts'
import { environment, listenForStop, programArguments, runProgram } from '../lib/base/process.ts'
import { assembleWatchdog } from './assemble-watchdog.ts'
import { configFileOf, nodeOptions } from './twintone/node.ts'

/** How long probes, cures and messages under way may take to end. */
const graceMs = 20_000

/** `twintone-watchdog --config FILE`: the daemon that systemd starts. Stops on SIGTERM. */
runProgram(
  async () => {
    const { values } = parseArgs({ args: programArguments(), options: nodeOptions })
    try {
      const file = configFileOf(values)
      const overrides = values.set ?? []
      const config = loadConfig({ file, environment: environment(), overrides })
      await watch(config, ['--config', file, ...overrides.flatMap((set) => ['--set', set])])
      return 0
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      console.error(error.message)
      return 1
    }
  },
  (error) => console.error(error instanceof Error ? `twintone-watchdog: ${error.message}` : error),
)

async function watch(config: ReturnType<typeof loadConfig>, args: readonly string[]): Promise<void> {
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
      args: [program, ...args],
      env: environment(),
      showOutput: config.log.stdout,
    },
  })
  try {
    await runComponents(parts, { until: stop.signal, graceMs, log, ready: () => log.info('ready') })
    log.info('stopped')
  } catch (error) {
    log.fatal({ err: error }, 'watchdog failed')
    throw error
  } finally {
    stop.dispose()
    await opened.close()
  }
}
