#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { ConfigError } from '../lib/base/complaint.ts'
import { loadConfig } from '../lib/base/load-config.ts'
import { configFileOf, nodeOptions } from '../lib/base/node-options.ts'
import { environment, programArguments, runProgram } from '../lib/base/process.ts'
import { runWatchdog } from './run-watchdog.ts'

/** `twintone-watchdog --config FILE`: the daemon that systemd starts. Stops on SIGTERM. */
runProgram(
  async () => {
    const { values } = parseArgs({ args: programArguments(), options: nodeOptions })
    try {
      const file = configFileOf(values)
      const overrides = values.set ?? []
      const config = loadConfig({ file, environment: environment(), overrides })
      const fileserverArgs = ['--config', file, ...overrides.flatMap((set) => ['--set', set])]
      await runWatchdog(config, { fileserverArgs })
      return 0
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      console.error(error.message)
      return 1
    }
  },
  (error) => console.error(error instanceof Error ? `twintone-watchdog: ${error.message}` : error),
)
