import type { ParseArgsConfig } from 'node:util'

/** Where a command's words go, so that tests can read them. */
export interface Io {
  stdout(text: string): void
  stderr(text: string): void
  /** Colours may be used: a terminal, and NO_COLOR is not set. */
  colour: boolean
}

export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

export interface CommandInput {
  /** Words after the command's name that are not options. */
  words: readonly string[]
  options: OptionValues
}

/** A command is data: help, parsing and running come from this one object. */
export interface Command {
  name: string
  /** One line for the list of commands. */
  summary: string
  /** What stands after `twintone` in the usage line. */
  usage: string
  /** Further lines of help: what the options mean, examples. */
  help?: string
  options: NonNullable<ParseArgsConfig['options']>
  /** @returns the exit code: 0 well, 1 the answer is no or it failed, 2 used wrongly */
  run(input: CommandInput, io: Io): Promise<number>
}

/** The user called the command wrongly: the sentence is printed with the usage, exit code 2. */
export class UsageError extends Error {}

/** The command cannot do its work: the sentence is printed, exit code 1. Any other error prints its stack. */
export class CommandError extends Error {}
