import { PassThrough } from 'node:stream'
import type { Command, Input, Io } from '../../lib/base/command.ts'
import { dispatch } from '../../lib/base/dispatch.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command with something to read. */
export async function run(
  command: Command,
  words: readonly string[],
  stdin?: Input,
  name = 'twintone',
): Promise<Ran> {
  const ran = { code: 0, stdout: '', stderr: '' }
  const io: Io = {
    stdout: (text) => void (ran.stdout += typeof text === 'string' ? text : Buffer.from(text).toString()),
    stderr: (text: string) => void (ran.stderr += text),
    colour: false,
    ...(stdin === undefined ? {} : { stdin }),
  }
  ran.code = await dispatch(
    { name, version: '0', about: name, commands: [command] },
    [command.name, ...words],
    io,
  )
  return ran
}

/** What a pipe brings. */
export function piped(text: string): Input {
  const stdin = new PassThrough()
  stdin.end(text)
  return stdin
}

export interface Terminal {
  stdin: Input
  /** How it was switched, in turn. */
  raw: boolean[]
}

/** Somebody who types, with a terminal that stays open. */
export function typing(...keys: string[]): Terminal {
  const raw: boolean[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  for (const key of keys) stdin.write(key)
  return { stdin, raw }
}
