import type { Readable } from 'node:stream'
import type { ParseArgsConfig } from 'node:util'

/** Where a command's words go and come from, so that tests can read and write them. */
export interface Io {
  stdout(text: string | Uint8Array): void
  stderr(text: string): void
  /** Absent: there is nothing to read. */
  stdin?: Input
  /** Colours may be used: a terminal, and NO_COLOR is not set. */
  colour: boolean
  /** Standard output is a terminal: what stands there can be overwritten. */
  terminal?: boolean
}

/** A terminal stops showing what is typed while it is raw. */
export type Input = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown }

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
  /** What stands after the program's name in the usage line. */
  usage: string
  /** Further lines of help: what the options mean, examples. */
  help?: string
  options: NonNullable<ParseArgsConfig['options']>
  /** @returns the exit code: 0 well, 1 the answer is no or it failed, 2 used wrongly; others where its help says so */
  run(input: CommandInput, io: Io): Promise<number>
}

/** The user called the command wrongly: the sentence is printed with the usage, exit code 2. */
export class UsageError extends Error {}

/** The command cannot do its work: the sentence is printed, exit code 1. Any other error prints its stack. */
export class CommandError extends Error {}
