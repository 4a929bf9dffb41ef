import { parseArgs } from 'node:util'
import { ConfigError } from '../../lib/base/complaint.ts'
import { ControlRefused, NotRunning } from '../../lib/base/control-socket.ts'
import { version } from '../version.ts'
import { CommandError, UsageError, type Command, type Io } from './command.ts'

/** Finds the command, parses its words and runs it. @returns the exit code */
export async function dispatch(
  commands: readonly Command[],
  args: readonly string[],
  io: Io,
): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h')
    return help(commands, rest[0], io)
  if (name === '--version' || name === 'version') {
    io.stdout(`twintone ${version}\n`)
    return 0
  }
  const command = commands.find((candidate) => candidate.name === name)
  if (command === undefined) {
    io.stderr(`twintone: there is no command "${name}"; \`twintone help\` lists them\n`)
    return 2
  }
  return run(command, rest, io)
}

async function run(command: Command, args: string[], io: Io): Promise<number> {
  try {
    const { values, positionals } = parse(command, args)
    if (values['help'] === true) {
      io.stdout(commandHelp(command))
      return 0
    }
    return await command.run({ words: positionals, options: values }, io)
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`twintone ${command.name}: ${error.message}\nusage: twintone ${command.usage}\n`)
      return 2
    }
    if (
      error instanceof ConfigError ||
      error instanceof CommandError ||
      error instanceof NotRunning ||
      error instanceof ControlRefused
    ) {
      io.stderr(`twintone ${command.name}: ${error.message}\n`)
      return 1
    }
    throw error
  }
}

function parse(command: Command, args: string[]) {
  try {
    const options = { ...command.options, help: { type: 'boolean', short: 'h' } as const }
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function help(commands: readonly Command[], name: string | undefined, io: Io): number {
  const command = commands.find((candidate) => candidate.name === name)
  if (command !== undefined) {
    io.stdout(commandHelp(command))
    return 0
  }
  const width = Math.max(...commands.map((each) => each.name.length))
  const lines = commands.map((each) => `  ${each.name.padEnd(width)}  ${each.summary}`)
  io.stdout(
    `Twintone ${version}, a file server pair for desk phones.\n\nusage: twintone <command> [...]\n\n${lines.join('\n')}\n\n\`twintone help <command>\` tells more.\n`,
  )
  return 0
}

const commandHelp = ({ summary, usage, help: more }: Command) =>
  `${summary}\n\nusage: twintone ${usage}\n${more === undefined ? '' : `\n${more.trim()}\n`}`
