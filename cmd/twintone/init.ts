import { dirname, join, resolve } from 'node:path'
import { CommandError, UsageError, type Command, type OptionValues } from '../../lib/base/command.ts'
import { exampleToml, type Choices } from '../../lib/base/config-docs.ts'
import { loadConfig } from '../../lib/base/load-config.ts'
import { systemFile } from '../../lib/base/node-options.ts'
import { isRoot } from '../../lib/base/process.ts'
import { findOwner, prepareNode, writeNew, writeSamples, type Tell } from './first-node.ts'

export const initCommand: Command = {
  name: 'init',
  summary: 'Writes a first configuration, data folders and a self-signed certificate.',
  usage: 'init [--config FILE] [--folder DIR] [--unprivileged] [--samples] [--owner USER] [--dry-run]',
  help: `
Nothing that exists is overwritten: it can be run again to add what is missing.
  -c, --config FILE   where the settings go (default ${systemFile})
      --folder DIR    keep everything below DIR: settings, data, log, certificates, control sockets
      --unprivileged  ports an ordinary user may open: the product's port plus 8000
      --samples       also write sample phone files
      --owner USER    who runs the service and owns the data, when root sets it up (default twintone, if there is one)
      --dry-run       print the settings file, write nothing`,
  options: {
    config: { type: 'string', short: 'c' },
    folder: { type: 'string' },
    unprivileged: { type: 'boolean' },
    samples: { type: 'boolean' },
    owner: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  async run({ words, options }, io) {
    if (words.length > 0) throw new UsageError('it takes no words')
    const setup = setupOf(options)
    if (options['dry-run'] === true) {
      io.stdout(exampleToml(setup.choices))
      return 0
    }
    await initNode(setup, (line) => io.stdout(`${line}\n`))
    io.stdout(`next: \`twintone check --config ${setup.configFile}\`, then start the file server\n`)
    return 0
  },
}

export interface Setup {
  configFile: string
  choices: Choices
  samples: boolean
  owner: string | undefined
}

/** Ports of the product plus 8000, so that no privilege is needed. */
const unprivilegedPorts: Choices = {
  'http.ports': [8080, 8081],
  'https.ports': [8411],
  'tftp.port': 8069,
  'ftp.port': 8021,
  'ftp.dataPort': 8020,
  'ftp.implicitTlsPorts': [8990],
}

function setupOf(options: OptionValues): Setup {
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined)
  const folder = text('folder')
  const configFile = text('config') ?? (folder === undefined ? systemFile : join(folder, 'twintone.toml'))
  const choices = {
    ...(folder === undefined ? {} : foldersBelow(folder)),
    ...(options['unprivileged'] === true ? unprivilegedPorts : {}),
  }
  return {
    configFile: resolve(configFile),
    choices,
    samples: options['samples'] === true,
    owner: text('owner'),
  }
}

/** This machine is no phone that could be asked over SNMP: here it may save for any extension. */
const labPolicies: Choices = {
  'userData.policies': ['127.0.0.0/8', '::1'].map((network) => ({
    network,
    protocols: ['ftp', 'http', 'https'],
    policy: 'open',
  })),
}

/** A node that keeps everything below one folder, for trying out. */
export function setupBelow(folder: string): Setup {
  const choices = { ...foldersBelow(folder), ...unprivilegedPorts, ...labPolicies }
  return { configFile: resolve(folder, 'twintone.toml'), choices, samples: true, owner: undefined }
}

function foldersBelow(folder: string): Choices {
  const at = (name: string) => resolve(folder, name)
  return {
    'run.folder': at('run'),
    'data.folder': at('data'),
    'log.file': at('log/fileserver.log'),
    'watchdog.logFile': at('log/watchdog.log'),
  }
}

/** Writes what is missing. @throws ConfigError when a settings file that stood there cannot be used */
export async function initNode({ configFile, choices, samples, owner }: Setup, tell: Tell): Promise<void> {
  const found = isRoot() ? await findOwner(owner ?? 'twintone') : undefined
  if (owner !== undefined && found === undefined) {
    throw new CommandError(
      isRoot() ? `there is no user ${owner}` : 'only root can give files to another user (--owner)',
    )
  }
  await writeNew(configFile, exampleToml(choices), 0o644, tell)
  const config = loadConfig({ file: configFile })
  await prepareNode(config, found, tell)
  if (samples) await writeSamples(config.data.folder, tell)
  if (dirname(config.https.certificate).startsWith(dirname(configFile))) return
  tell(`certificate: ${config.https.certificate}`)
}
