import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { follow, type Program } from './program.ts'

/** Network namespaces of the tests (`ip netns`): machines of their own as far as the network goes. */

/** Whoever says when it is over: a test, or a program that shows something. */
export interface Owner {
  after(task: () => Promise<void>): void
}

/** Runs `ip` once for many lines, which is far quicker than a process for each. */
export async function ipBatch(namespace: string | undefined, lines: readonly string[]): Promise<void> {
  const where = namespace === undefined ? [] : ['-n', namespace]
  await execa('ip', [...where, '-batch', '-'], { input: `${lines.join('\n')}\n`, timeout: 10_000 })
}

/** A name that says whose it is, so that what a killed run left behind is known by it. */
export const labPrefix = (): string => `tw-${process.pid}-${Math.random().toString(36).slice(2, 6)}-`
const ofALab = /^tw-(\d+)-[a-z0-9]+-[a-z]$/

/** Runs a program inside to its end. @returns what it wrote to standard output. @throws when it fails, or takes too long */
export async function runInside(
  namespace: string,
  [command, ...args]: readonly [string, ...string[]],
  timeoutMs = 20_000,
): Promise<string> {
  const { stdout } = await execa('ip', ['netns', 'exec', namespace, command, ...args], { timeout: timeoutMs })
  return stdout
}

/** Starts a program inside. It ends with this process, even when that is killed. Its pid is `child.pid`. */
export function startInside(
  namespace: string,
  command: readonly [string, ...string[]],
  env: Record<string, string> = {},
): Program {
  const child = spawn('ip', ['netns', 'exec', namespace, ...endsWithUs, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  return follow(child)
}

/** Before a command: the kernel kills it when the process that started it ends, however that ends. */
export const endsWithUs = ['setpriv', '--pdeathsig', 'KILL'] as const

/** Ends all that runs inside, and takes the namespace away. */
export async function removeNamespace(namespace: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    const { stdout } = await execa('ip', ['netns', 'pids', namespace], { reject: false })
    const pids = stdout.split('\n').map(Number).filter(Boolean)
    if (pids.length === 0) break
    for (const pid of pids) kill(pid)
    await delay(20)
  }
  await execa('ip', ['netns', 'delete', namespace], { reject: false })
}

/** Takes away what runs left behind that were killed. */
export async function removeLeftovers(): Promise<void> {
  for (const name of await namespaces()) {
    const owner = ofALab.exec(name)?.[1]
    if (owner !== undefined && !isRunning(Number(owner))) await removeNamespace(name)
  }
}

export async function namespaces(): Promise<string[]> {
  const { stdout } = await execa('ip', ['-o', 'netns', 'list'])
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] || [])
}

export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
