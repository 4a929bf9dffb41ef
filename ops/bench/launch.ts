import { spawn } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSecondsOf, descendants, memoryMbOf } from './process-tree.ts'

/** A running server, ours or a peer. */
export interface Launched {
  /** MiB it holds now. */
  memoryMb(): Promise<number>
  /** Processor seconds it has used. */
  cpuSeconds(): Promise<number>
  /** Resolves once it and its children are gone. Harmless when it has ended by itself. */
  stop(): Promise<void>
}

export interface LaunchOptions {
  command: string
  args: readonly string[]
  /** File that takes what it prints. */
  output: string
  /** Resolves to true once the server answers. */
  answers: () => Promise<boolean>
}

const startWithinMs = 20_000
const stopWithinMs = 5_000

/**
 * Starts a server and waits until it answers.
 * @throws Error with what it printed, if it ends or does not answer in time
 */
export async function launch({ command, args, output, answers }: LaunchOptions): Promise<Launched> {
  const printed = await open(output, 'a')
  // The file itself, not a pipe through this process: a log must cost the server what it costs in earnest.
  const child = spawn(...pinned('server', command, args), { stdio: ['ignore', printed.fd, printed.fd] })
  const ended = new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => resolve(`It ended with ${signal ?? `code ${code}`}.`))
    child.on('error', ({ message }) => resolve(message))
  })
  const gone = new AbortController()
  void ended.then(() => gone.abort())
  await printed.close()
  // taskset replaces itself by the command, so this is the server's own process.
  const pid = child.pid ?? -1

  const stop = async () => {
    const children = await descendants(pid)
    child.kill('SIGTERM')
    await Promise.race([ended, sleep(stopWithinMs, undefined, { ref: false })])
    child.kill('SIGKILL')
    for (const orphan of children) killIfThere(orphan)
    await ended
  }
  if (await becomes(answers, gone.signal))
    return { memoryMb: () => memoryMbOf(pid), cpuSeconds: () => cpuSecondsOf(pid), stop }
  await stop()
  throw new Error(
    `${command} ${args.join(' ')}\ndoes not answer. ${await ended}\n${await readFile(output, 'utf8')}`,
  )
}

/** Servers on one core, generators on the other: neither takes time from the other. */
const cores = { server: '0', generator: '1' }

/** `command` bound to its core, where there are two to choose from. */
export function pinned(to: keyof typeof cores, command: string, args: readonly string[]): [string, string[]] {
  return availableParallelism() < 2 ? [command, [...args]] : ['taskset', ['-c', cores[to], command, ...args]]
}

async function becomes(answers: () => Promise<boolean>, gone: AbortSignal): Promise<boolean> {
  const late = performance.now() + startWithinMs
  while (!gone.aborted && performance.now() < late) {
    if (await answers()) return true
    await sleep(50)
  }
  return false
}

function killIfThere(pid: number) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended with its parent, as it should.
  }
}
