import { readFile, rm } from 'node:fs/promises'
import { startChild } from '../../lib/base/child-program.ts'
import { askControl } from '../../lib/base/control-socket.ts'
import { runHook } from '../../lib/base/run-hook.ts'

/** What a drill does to a machine, and how it is taken back: steps that can be written down. */
export type Act =
  /** `startedAt` tells it from a later process with the same number. */
  | { do: 'signal'; pid: number; startedAt: string; signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' }
  | { do: 'run'; program: string; args: readonly string[] }
  | { do: 'remove'; file: string }
  /** Starts a program anew where nothing answers on its control socket. */
  | { do: 'revive'; socket: string; words: readonly string[]; folder: string; env: Record<string, string> }

const programMs = 10_000

/** @throws Error with a sentence */
export async function perform(act: Act): Promise<void> {
  switch (act.do) {
    case 'signal':
      return signal(act)
    case 'run':
      return run(act)
    case 'remove':
      return rm(act.file, { force: true })
    case 'revive':
      return revive(act)
  }
}

export const actText = (act: Act): string => {
  switch (act.do) {
    case 'signal':
      return `${act.signal} to process ${act.pid}`
    case 'run':
      return [act.program, ...act.args].join(' ')
    case 'remove':
      return `remove ${act.file}`
    case 'revive':
      return `start ${act.words.slice(0, 3).join(' ')} again, unless it runs`
  }
}

async function signal({ pid, startedAt, signal: name }: Act & { do: 'signal' }): Promise<void> {
  if ((await startOf(pid)) !== startedAt) {
    if (name === 'SIGCONT') return // it has ended, so nothing of it stands still
    throw new Error(`process ${pid} has ended already`)
  }
  process.kill(pid, name)
}

/** When the process was started, in ticks since boot; undefined: there is none. Field 22 of proc_pid_stat(5). */
export async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  // The second field is the program's name, which may hold spaces and brackets.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19]
}

async function run({ program, args }: Act & { do: 'run' }): Promise<void> {
  const result = await runHook(program, args, { timeoutMs: programMs })
  if (result.outcome !== 'ended') throw new Error(`${program}: ${result.why}`)
  if (result.exitCode !== 0)
    throw new Error(
      `${[program, ...args].join(' ')}: ${result.stderr.trim() || `exit code ${result.exitCode}`}`,
    )
}

async function revive({
  socket,
  words: [program = '', ...args],
  folder,
  env,
}: Act & { do: 'revive' }): Promise<void> {
  const answers = await askControl(socket, '/status', { timeoutMs: 2_000 }).then(
    () => true,
    () => false,
  )
  if (answers) return
  const child = await startChild('/usr/bin/env', ['-C', folder, program, ...args], { env, output: 'ignore' })
  child.endInput()
}
