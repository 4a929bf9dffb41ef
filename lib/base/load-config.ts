import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import type { z } from 'zod'
import { configSchema, type Config } from './config.ts'
import { ConfigError, nearest, type Complaint } from './complaint.ts'
import { allowedAt, isSecretAt, knownNames } from './config-leaves.ts'
import { fromEnvironment, fromFlags, setLeaf } from './config-overrides.ts'
import { lineOf } from './config-place.ts'
import { contradictions, type PlaceOf } from './config-rules.ts'
import { shown } from './config-words.ts'

export interface ConfigSources {
  /** Path of the TOML file; absent: defaults, environment and flags only. */
  file?: string
  environment?: Readonly<Record<string, string | undefined>>
  /** `http.ports=8080` from `--set`, strongest last. */
  overrides?: readonly string[]
}

type Tree = Record<string, unknown>

/**
 * Loads the settings: flag > environment > file > default. Paths come back absolute.
 * @throws ConfigError with every complaint at once; what excludes what is looked at once each setting is right
 */
export function loadConfig({ file, environment = {}, overrides = [] }: ConfigSources): Config {
  const complaints: Complaint[] = []
  const text = file === undefined ? '' : readText(file)
  const tree = parseToml(file ?? '', text)
  const sourceOf = new Map<string, string>()
  for (const { source, path, value } of [
    ...fromEnvironment(environment, complaints),
    ...fromFlags(overrides, complaints),
  ]) {
    setLeaf(tree, path, value)
    sourceOf.set(path.join('.'), source)
  }
  const placeOf = (setting: string) => placeIn(setting, { file: file ?? 'settings', text, sourceOf })
  const parsed = configSchema.safeParse(tree, { error: inPlainWords })
  if (parsed.success) complaints.push(...contradictions(parsed.data, placeOf))
  else complaints.push(...parsed.error.issues.flatMap((issue) => complain(issue, placeOf)))
  if (complaints.length > 0 || !parsed.success) throw new ConfigError(inOrder(complaints))
  return absolutePaths(parsed.data, file === undefined ? process.cwd() : dirname(resolve(file)))
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    throw new ConfigError([{ source: file, setting: '', ...whyUnreadable(cause) }])
  }
}

function whyUnreadable(cause: unknown): Pick<Complaint, 'problem' | 'fix'> {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT')
    return {
      problem: 'there is no such file',
      fix: 'write a first one with `twintone init`, or name yours with --config',
    }
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return { problem: 'is not UTF-8 text', fix: 'save it as UTF-8' }
  const why = cause instanceof Error ? cause.message : String(cause)
  return { problem: `cannot be read (${why})`, fix: 'check its owner and mode' }
}

function parseToml(file: string, text: string): Tree {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    const problem = cause.message.split('\n')[0] ?? 'not TOML'
    throw new ConfigError([
      { source: file, line: cause.line, setting: '', problem, fix: `look at column ${cause.column}` },
    ])
  }
}

interface Given {
  file: string
  text: string
  /** Settings that were given outside the file, and where. */
  sourceOf: ReadonlyMap<string, string>
}

function placeIn(setting: string, { file, text, sourceOf }: Given): Pick<Complaint, 'source' | 'line'> {
  const outside = [...sourceOf].find(([name]) => setting === name || setting.startsWith(`${name}.`))
  if (outside !== undefined) return { source: outside[1] }
  const line = lineOf(text, setting.split('.'))
  return line === undefined ? { source: file } : { source: file, line }
}

/** Replaces zod's words where the schema has none of its own. */
const inPlainWords: z.core.$ZodErrorMap = ({ path = [], input }) =>
  `must be ${allowedAt(path)}, not ${isSecretAt(path) ? 'what was given' : shown(input)}`

function complain(issue: z.core.$ZodIssue, placeOf: PlaceOf): Complaint[] {
  const at = (path: readonly PropertyKey[], problem: string, fix: { fix?: string } = {}): Complaint => {
    const setting = path.join('.')
    return { ...placeOf(setting), setting, problem, ...fix }
  }
  if (issue.code !== 'unrecognized_keys') return [at(issue.path, issue.message)]
  return issue.keys.map((key) => {
    const path = [...issue.path, key]
    return at(
      path,
      'no setting has this name',
      nearestSetting(path.filter((part) => typeof part !== 'number')),
    )
  })
}

function nearestSetting(path: readonly PropertyKey[]) {
  const equallyDeep = knownNames().filter((name) => name.split('.').length === path.length)
  return nearest(path.join('.'), equallyDeep)
}

/** What was given outside the file first, then from the top of the file to its end. */
const inOrder = (complaints: readonly Complaint[]) =>
  complaints.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))

function absolutePaths(config: Config, folder: string): Config {
  const absolute = (path: string) => (path === '' ? '' : resolve(folder, path))
  const { run, data, https, userData, ftpCopy, log, watchdog, alertSyslog, alertMail, alertScript } = config
  const { pair, pairEtcd, pairHooks } = config
  return {
    ...config,
    run: { folder: absolute(run.folder) },
    data: { ...data, folder: absolute(data.folder) },
    https: {
      ...https,
      certificate: absolute(https.certificate),
      key: absolute(https.key),
      certsFolder: absolute(https.certsFolder),
      clientCa: absolute(https.clientCa),
    },
    userData: {
      ...userData,
      credentialsFile: absolute(userData.credentialsFile),
      credentialsCommand: absolute(userData.credentialsCommand),
    },
    pair: { ...pair, folder: absolute(pair.folder), logFile: absolute(pair.logFile) },
    pairEtcd: {
      ...pairEtcd,
      ca: absolute(pairEtcd.ca),
      certificate: absolute(pairEtcd.certificate),
      key: absolute(pairEtcd.key),
    },
    pairHooks: { ...pairHooks, vip: absolute(pairHooks.vip), role: absolute(pairHooks.role) },
    watchdog: {
      ...watchdog,
      script: absolute(watchdog.script),
      logFile: absolute(watchdog.logFile),
    },
    alertSyslog: { ...alertSyslog, authorities: absolute(alertSyslog.authorities) },
    alertMail: { ...alertMail, authorities: absolute(alertMail.authorities) },
    alertScript: { ...alertScript, program: absolute(alertScript.program) },
    ftpCopy: { ...ftpCopy, authorities: absolute(ftpCopy.authorities) },
    log: { ...log, file: absolute(log.file) },
  }
}
