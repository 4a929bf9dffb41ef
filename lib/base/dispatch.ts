import { parseArgs } from 'node:util'
import { CommandError, UsageError, type Command, type Io } from './command.ts'
import { ConfigError } from './complaint.ts'
import { ControlRefused, NotRunning } from './control-socket.ts'

/** A program that is a set of commands. */
export interface Program {
  /** What is typed: `twintone`. */
  name: string
  version: string
  /** First line of its help. */
  about: string
  /** In the order of the help. */
  commands: readonly Command[]
}

/** Finds the command, parses its words and runs it. @returns the exit code */
export async function dispatch(program: Program, args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h')
    return help(program, rest[0], io)
  if (name === '--version' || name === 'version') {
    io.stdout(`${program.name} ${program.version}\n`)
    return 0
  }
  const command = program.commands.find((candidate) => candidate.name === name)
  if (command === undefined) {
    io.stderr(`${program.name}: there is no command "${name}"; \`${program.name} help\` lists them\n`)
    return 2
  }
  return run(program, command, rest, io)
}

async function run(program: Program, command: Command, args: string[], io: Io): Promise<number> {
  const called = `${program.name} ${command.name}`
  try {
    const { values, positionals } = parse(command, args)
    if (values['help'] === true) {
      io.stdout(commandHelp(program, command))
      return 0
    }
    return await command.run({ words: positionals, options: values }, io)
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`${called}: ${error.message}\nusage: ${program.name} ${command.usage}\n`)
      return 2
    }
    if (
      error instanceof ConfigError ||
      error instanceof CommandError ||
      error instanceof NotRunning ||
      error instanceof ControlRefused
    ) {
      io.stderr(`${called}: ${error.message}\n`)
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

function help(program: Program, asked: string | undefined, io: Io): number {
  const { name, about, commands } = program
  const command = commands.find((candidate) => candidate.name === asked)
  if (command !== undefined) {
    io.stdout(commandHelp(program, command))
    return 0
  }
  const width = Math.max(...commands.map((each) => each.name.length))
  const lines = commands.map((each) => `  ${each.name.padEnd(width)}  ${each.summary}`)
  io.stdout(
    `${about}\n\nusage: ${name} <command> [...]\n\n${lines.join('\n')}\n\n\`${name} help <command>\` tells more.\n`,
  )
  return 0
}

const commandHelp = ({ name }: Program, { summary, usage, help: more }: Command) =>
  `${summary}\n\nusage: ${name} ${usage}\n${more === undefined ? '' : `\n${more.trim()}\n`}`
