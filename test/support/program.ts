import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

const project = new URL('../../', import.meta.url).pathname

/** One of our programs as a child process. */
export interface Program {
  child: ChildProcess
  /** Everything written so far to standard output and error. */
  output(): string
  /** Resolves once `text` was written. */
  says(text: string | RegExp): Promise<string>
  ended: Promise<number | null>
}

/** Starts `cmd/twintone.ts` or another program of ours; it is killed when the test ends. */
export function startProgram(
  t: TestContext,
  args: readonly string[],
  env: Record<string, string> = {},
): Program {
  const child = spawn(process.execPath, args, {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  return follow(child)
}

export function follow(child: ChildProcess): Program {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code ?? null)
  const holds = (wanted: string | RegExp) =>
    typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)
  return {
    child,
    output: () => text,
    async says(wanted) {
      await until(() => (holds(wanted) || child.exitCode !== null ? true : undefined), 60_000)
      if (!holds(wanted)) throw new Error(`the program ended without saying ${wanted}:\n${text}`)
      return text
    },
    ended,
  }
}

/** Runs one of our programs to its end. */
export async function runProgram(
  t: TestContext,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const program = startProgram(t, args, env)
  const code = await program.ended
  return { code, output: program.output() }
}

/** A TCP port nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  server.close()
  await once(server, 'close')
  return typeof bound === 'object' && bound !== null ? bound.port : 0
}
