import { constants } from 'node:os'

/** The process we run in: signals, privileges, environment. The only file of lib that reads `process` state. */

/** How the process was asked to stop. */
export interface StopRequest {
  /** Aborts on the first SIGTERM, SIGINT or SIGQUIT. */
  readonly signal: AbortSignal
  /** Takes the signal handlers away again. */
  dispose(): void
}

const stopSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const

/** The first stop signal aborts; a second one ends the process at once, with the code shells use for it. */
export function listenForStop(onFirst: (signal: NodeJS.Signals) => void = () => {}): StopRequest {
  const controller = new AbortController()
  const handler = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[signal])
    onFirst(signal)
    controller.abort()
  }
  for (const signal of stopSignals) process.on(signal, handler)
  return {
    signal: controller.signal,
    dispose() {
      for (const signal of stopSignals) process.off(signal, handler)
    },
  }
}

/** Calls `task` on each SIGHUP until disposed of: daemons re-read their files on it. */
export function onHangup(task: () => void): () => void {
  process.on('SIGHUP', task)
  return () => process.off('SIGHUP', task)
}

/** Aborts when standard input ends: whoever started us and held it is gone. */
export function inputEnd(): AbortSignal {
  const ended = new AbortController()
  process.stdin.on('end', () => ended.abort())
  process.stdin.on('error', () => ended.abort())
  process.stdin.resume().unref()
  return ended.signal
}

/** Calls `task`, which must not wait for anything, when the process ends, however it does. */
export function onExit(task: () => void): () => void {
  process.on('exit', task)
  return () => process.off('exit', task)
}

/** Runs `task`, which must not wait for anything, with a umask of its own: what it makes is private from the start. */
export function withUmask<T>(mask: number, task: () => T): T {
  const before = process.umask(mask)
  try {
    return task()
  } finally {
    process.umask(before)
  }
}

/** True when the process has root's powers, which serving files does not need. */
export const isRoot = (): boolean => process.geteuid?.() === 0

export const environment = (): Readonly<NodeJS.ProcessEnv> => process.env

/** How long what a program left open may keep it alive after its main function is done. */
const lingerMs = 3_000

/**
 * Runs a program's main function: its return value becomes the exit code; an error ends the process with code 1
 * after `report`. Errors nobody caught are bugs: they are reported and end the process too, to be started clean.
 */
export function runProgram(main: () => Promise<number>, report: (error: unknown) => void): void {
  const die = (error: unknown) => {
    report(error)
    process.exit(1)
  }
  process.on('uncaughtException', die)
  main().then((code) => {
    process.exitCode = code
    // Output may still be on its way; a socket that was not closed must not keep a stopped program from ending.
    setTimeout(() => process.exit(), lingerMs).unref()
  }, die)
}

export const programArguments = (): string[] => process.argv.slice(2)
