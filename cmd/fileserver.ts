#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { ConfigError } from '../lib/base/complaint.ts'
import { loadConfig } from '../lib/base/load-config.ts'
import { configFileOf, nodeOptions } from '../lib/base/node-options.ts'
import { environment, programArguments, runProgram } from '../lib/base/process.ts'
import { runFileserver } from './run-fileserver.ts'

/**
 * `twintone-fileserver --config FILE`: the daemon that systemd starts. Stops on SIGTERM, re-reads files on SIGHUP. With
 * `--until-input-ends` it also stops when its standard input ends: as a child, it does not outlive its parent.
 */
runProgram(
  async () => {
    const options = { ...nodeOptions, 'until-input-ends': { type: 'boolean' } } as const
    const { values } = parseArgs({ args: programArguments(), options })
    try {
      const config = loadConfig({
        file: configFileOf(values),
        environment: environment(),
        overrides: values.set ?? [],
      })
      await runFileserver(config, { untilInputEnds: values['until-input-ends'] === true })
      return 0
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      console.error(error.message)
      return 1
    }
  },
  (error) => console.error(error instanceof Error ? `twintone-fileserver: ${error.message}` : error),
)
