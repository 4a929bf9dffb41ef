import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ChildOptions {
  /** The whole environment of the program. */
  env: Readonly<Record<string, string>>
  /** Output goes where ours goes, or nowhere. */
  output: 'inherit' | 'ignore'
}

/** A program that runs for as long as it likes. */
export interface ChildProgram {
  readonly pid: number
  /** Resolves once it has ended, with how: `code 3`, `SIGKILL`. */
  readonly ended: Promise<string>
  /** @returns false when it has ended already */
  signal(signal: NodeJS.Signals): boolean
  /** One line for its standard input. @returns false when it is lost: the program reads none, or has ended */
  tell(line: string): boolean
  /** Nothing more will be told. */
  endInput(): void
}

/** Lines told to a program that reads nothing are kept up to here. */
const mostUnreadBytes = 65_536

/**
 * Starts a program that stays: an argument array, never a shell. It is in a process group of its own, so that Ctrl-C
 * at our terminal is for us alone, and it outlives us. It gets no descriptor of ours but standard output and error.
 * What runs and ends is for run-hook.ts.
 * @throws Error that names the program, when it cannot be started
 */
export async function startChild(
  program: string,
  args: readonly string[],
  { env, output }: ChildOptions,
): Promise<ChildProgram> {
  try {
    const child = spawn(program, args, { env, detached: true, stdio: ['pipe', output, output] })
    const ended = Promise.withResolvers<string>()
    child.once('exit', (code, signal) => ended.resolve(signal ?? `code ${code}`))
    child.stdin.on('error', () => {}) // it reads no more: `ended` tells when it has ended
    await once(child, 'spawn')
    child.on('error', () => {}) // a signal that could not be sent
    const { pid = 0, stdin } = child
    return {
      pid,
      ended: ended.promise,
      signal: (signal) => child.exitCode === null && child.signalCode === null && child.kill(signal),
      tell(line) {
        if (!stdin.writable || stdin.writableLength >= mostUnreadBytes) return false
        stdin.write(`${line}\n`)
        return true
      },
      endInput: () => void stdin.end(),
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${program} cannot be started (${why})`, { cause })
  }
}
