import { execa } from 'execa'

export interface HookOptions {
  /** The program is ended after this long, and with it what it started and did not set apart with setsid(1). */
  timeoutMs: number
  /** Data for the program; the rest of our environment is not passed on, but for PATH. */
  env?: Readonly<Record<string, string>>
  /** Kept of standard output and error, each. */
  outputBytes?: number
  /** Ends the program the same way. */
  signal?: AbortSignal
}

export type HookResult =
  | { outcome: 'ended'; exitCode: number; stdout: string; stderr: string; ms: number }
  | {
      outcome: 'timed out' | 'not started' | 'killed'
      why: string
      stdout: string
      stderr: string
      ms: number
    }

const safePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** How long the output of a program that ended may stay open: something it left behind may hold it for good. */
const outputMs = 500

/**
 * Runs an external program: an argument array, never a shell; a time limit; bounded output; data in the
 * environment. Never throws: how it went is the answer. What a program that ended by itself has left running goes
 * on, but its output is not waited for.
 *
 * execa's surprises, shown in test/lib/base/run-hook.test.ts: a timeout rejects unless `reject: false`; it ends the
 * program only, not what that started, and the result waits for whoever holds the output; output over `maxBuffer`
 * ends the program, so output is cut here by a generator instead; a missing program is a failed result without an
 * exit code, but an argument with a NUL byte throws.
 */
export async function runHook(
  program: string,
  args: readonly string[],
  options: HookOptions,
): Promise<HookResult> {
  try {
    return await run(program, args, options)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { outcome: 'not started', why, stdout: '', stderr: '', ms: 0 }
  }
}

async function run(program: string, args: readonly string[], options: HookOptions): Promise<HookResult> {
  const { timeoutMs, env = {}, outputBytes = 16_384, signal } = options
  const running = execa(program, [...args], {
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    killDescendants: true,
    ...(signal ? { cancelSignal: signal } : {}),
    extendEnv: false,
    env: { PATH: safePath, ...env },
    stdin: 'ignore',
    stdout: firstBytes(outputBytes),
    stderr: firstBytes(outputBytes),
    reject: false,
  })
  let timer: NodeJS.Timeout | undefined
  running.nodeChildProcess.once('exit', () => {
    timer = setTimeout(() => {
      running.stdout.destroy()
      running.stderr.destroy()
    }, outputMs)
  })
  const result = await running
  clearTimeout(timer)
  const output = { stdout: result.stdout, stderr: result.stderr, ms: Math.round(result.durationMs) }
  if (result.exitCode !== undefined) return { outcome: 'ended', exitCode: result.exitCode, ...output }
  if (result.timedOut) return { outcome: 'timed out', why: `no end after ${timeoutMs} ms`, ...output }
  if (result.signal !== undefined) return { outcome: 'killed', why: `ended by ${result.signal}`, ...output }
  return { outcome: 'not started', why: result.shortMessage ?? 'unknown', ...output }
}

/** A transform that passes on the first `limit` bytes and swallows the rest, so that the program can go on. */
function firstBytes(limit: number) {
  let left = limit
  return {
    binary: true as const,
    *transform(chunk: unknown) {
      if (!(chunk instanceof Uint8Array) || left <= 0) return
      yield chunk.subarray(0, left)
      left -= chunk.length
    },
  }
}
