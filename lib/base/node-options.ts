import { existsSync } from 'node:fs'
import type { OptionValues } from './command.ts'
import type { Config } from './config.ts'
import { loadConfig } from './load-config.ts'
import { environment } from './process.ts'

/** Options of every command that concerns a node. */
export const nodeOptions = {
  config: { type: 'string', short: 'c' },
  set: { type: 'string', multiple: true },
} as const

export const nodeHelp = `
  -c, --config FILE        the node's settings; otherwise $TWINTONE_CONFIG, /etc/twintone/twintone.toml,
                           or var/twintone.toml of \`make up\`, whichever there is first
      --set SETTING=VALUE  overrides one setting, such as --set http.ports=8080; may be repeated`

const projectFile = new URL('../../var/twintone.toml', import.meta.url).pathname
export const systemFile = '/etc/twintone/twintone.toml'

/** The settings file this command is about. */
export function configFileOf({ config }: OptionValues): string {
  if (typeof config === 'string') return config
  const named = environment()['TWINTONE_CONFIG']
  if (named !== undefined && named !== '') return named
  return existsSync(systemFile) || !existsSync(projectFile) ? systemFile : projectFile
}

/** @throws ConfigError */
export const configOf = (options: OptionValues): Config =>
  loadConfig({ file: configFileOf(options), environment: environment(), overrides: listOf(options['set']) })

const listOf = (value: OptionValues[string]): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
