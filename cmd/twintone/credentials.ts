import { CommandError, UsageError, type Command, type Io, type OptionValues } from '../../lib/base/command.ts'
import type { Config } from '../../lib/base/config.ts'
import { configOf, nodeHelp, nodeOptions } from '../../lib/base/node-options.ts'
import { hashPassword } from '../../lib/base/password-hash.ts'
import { asJson, table } from '../../lib/base/table.ts'
import {
  anyCallServer,
  callServerOf,
  isExtension,
  parseCredentials,
  removeCredential,
  setCredential,
  type Credential,
} from '../../lib/phones/credential-list.ts'
import { readIfThere, replacePrivately } from './private-file.ts'
import { readPassword } from './read-password.ts'

export const credentialsCommand: Command = {
  name: 'credentials',
  summary: 'Says and sets which registration passwords prove an extension over HTTPS.',
  usage:
    'credentials list | set <extension> | remove <extension> [--call-server ADDR] [--json] [--config FILE]',
  help: `Kept as hashes in the file of userData.credentialsFile; a change counts from the next request on.
set asks for the password twice without showing it, or reads one line from standard input when that is no terminal.
${nodeHelp}
      --call-server ADDR   address of the call server the extension is registered with; otherwise any (set), or all of
                           them (remove)
      --json               list: as JSON`,
  options: { ...nodeOptions, 'call-server': { type: 'string' }, json: { type: 'boolean' } },
  async run({ words: [verb, extension, ...more], options }, io) {
    const callServer = callServerIn(options)
    if (verb === 'list' && extension === undefined) return list(await openFile(options), options, io)
    if ((verb !== 'set' && verb !== 'remove') || extension === undefined || more.length > 0)
      throw new UsageError('say `list`, `set <extension>` or `remove <extension>`')
    if (!isExtension(extension)) throw new UsageError('an extension consists of letters and digits')
    return verb === 'set'
      ? set(options, { extension, callServer: callServer ?? anyCallServer }, io)
      : remove(await openFile(options), { extension, callServer }, io)
  },
}

interface OpenFile {
  path: string
  text: string
  entries: Credential[]
  /** Who owns this folder owns a new file. */
  dataFolder: string
}

async function openFile(options: OptionValues): Promise<OpenFile> {
  const { userData, data }: Config = configOf(options)
  const path = userData.credentialsFile
  if (path === '') throw new CommandError('userData.credentialsFile is empty: name a file there first')
  try {
    const text = (await readIfThere(path)) ?? ''
    return { path, text, entries: parseCredentials(text), dataFolder: data.folder }
  } catch (cause) {
    throw new CommandError(
      `${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

function callServerIn(options: OptionValues): string | undefined {
  const given = options['call-server']
  if (typeof given !== 'string') return undefined
  const callServer = callServerOf(given)
  if (callServer === undefined) throw new UsageError('--call-server takes an address, a name or *')
  return callServer
}

function list({ path, entries }: OpenFile, options: OptionValues, io: Io): number {
  const shown = entries.map(({ extension, callServer }) => ({ extension, callServer }))
  if (options['json'] === true) io.stdout(asJson(shown))
  else if (shown.length === 0) io.stdout(`${path} has no credentials\n`)
  else {
    const rows = shown.map(({ extension, callServer }) => [
      extension,
      callServer === anyCallServer ? 'any' : callServer,
    ])
    io.stdout(table(['extension', 'call server'], rows))
  }
  return 0
}

async function set(options: OptionValues, whose: Omit<Credential, 'hash'>, io: Io): Promise<number> {
  const { extension, callServer } = whose
  await openFile(options) // whoever types a password wants it kept
  const hash = await hashPassword(await readPassword(io, `Registration password of ${extension}`))
  const file = await openFile(options) // as it is now, after the typing
  await write(file, setCredential(file.text, { ...whose, hash }))
  io.stdout(`${extension} ${atWords(callServer)}: set in ${file.path}\n`)
  return 0
}

async function remove(
  file: OpenFile,
  { extension, callServer }: { extension: string; callServer: string | undefined },
  io: Io,
): Promise<number> {
  const { text, removed } = removeCredential(file.text, extension, callServer)
  const at = callServer === undefined ? '' : ` ${atWords(callServer)}`
  if (removed === 0) throw new CommandError(`${file.path} has no credentials of ${extension}${at}`)
  await write(file, text)
  io.stdout(`${extension}${at}: removed from ${file.path}\n`)
  return 0
}

async function write({ path, dataFolder }: OpenFile, text: string): Promise<void> {
  try {
    await replacePrivately(path, text, dataFolder)
  } catch (cause) {
    throw new CommandError(
      `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    )
  }
}

const atWords = (callServer: string) =>
  callServer === anyCallServer ? 'at any call server' : `at ${callServer}`
