import type { Log } from './log.ts'

/** Everything that lives longer than a call: a listener, a watcher, a server. Made with (settings, collaborators). */
export interface Component {
  readonly name: string
  /** Resolves when ready. Calls `fail` if it breaks later; the whole process then stops, to be started clean. */
  start(fail: (reason: unknown) => void): Promise<void>
  /**
   * Takes no new work, lets current work end, cuts it short once `grace` aborts. Harmless when not started, and
   * harmless twice: a part that was asked to stop while it started is asked again if it came up after all.
   */
  stop(grace: AbortSignal): Promise<void>
}

export interface RunOptions {
  /** Aborts when the process is asked to stop. */
  until: AbortSignal
  /** How long all parts together may take to end their work. */
  graceMs: number
  log: Log
  /** Called once everything is up. */
  ready?: () => void
}

/**
 * Starts the parts in order, waits for a stop request or a failure, and stops them in reverse under one shared
 * grace period. A part that will not stop is logged and does not keep the others from stopping.
 * Rethrows the first cause.
 */
export async function runComponents(parts: readonly Component[], options: RunOptions): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const started: Started[] = []
  const stopAsked = () => ended.resolve()
  options.until.addEventListener('abort', stopAsked)
  try {
    for (const part of parts) {
      if (options.until.aborted) return
      const starting = start(part, (reason) => ended.reject(reason))
      started.push(starting)
      // A stop request or a failure while starting ends the wait.
      await Promise.race([starting.up, ended.promise])
    }
    if (!options.until.aborted) options.ready?.()
    if (!options.until.aborted) await ended.promise
  } finally {
    options.until.removeEventListener('abort', stopAsked)
    await stopInReverse(started, options)
  }
}

interface Started {
  part: Component
  up: Promise<void>
  /** The start came to its end, good or bad. */
  settled: boolean
}

function start(part: Component, fail: (reason: unknown) => void): Started {
  const started: Started = { part, up: Promise.resolve(), settled: false }
  const begin = async () => {
    try {
      await part.start(fail)
    } finally {
      started.settled = true
    }
  }
  started.up = begin()
  return started
}

async function stopInReverse(parts: readonly Started[], { graceMs, log }: RunOptions): Promise<void> {
  const grace = new AbortController()
  // Not AbortSignal.timeout, which does not keep the process alive: it could end before all parts are asked.
  const timer = setTimeout(() => grace.abort(), graceMs)
  for (const started of parts.toReversed()) {
    try {
      await withinGrace(stop(started, grace.signal), grace.signal)
    } catch (cause) {
      log.error({ component: started.part.name, err: cause }, 'component did not stop')
    }
  }
  clearTimeout(timer)
}

async function stop({ part, up, settled }: Started, grace: AbortSignal): Promise<void> {
  await part.stop(grace)
  if (settled) return
  const cameUp = await up.then(
    () => true,
    () => false,
  )
  if (cameUp) await part.stop(grace)
}

/** How long a part may go on once the grace period is over: time to cut what it still holds. */
const cutMs = 2_000

async function withinGrace(stopping: Promise<void>, grace: AbortSignal): Promise<void> {
  const late = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const startTimer = () => {
    timer = setTimeout(() => late.reject(new Error('still not stopped after the grace period')), cutMs)
  }
  if (grace.aborted) startTimer()
  else grace.addEventListener('abort', startTimer)
  try {
    await Promise.race([stopping, late.promise])
  } finally {
    grace.removeEventListener('abort', startTimer)
    clearTimeout(timer)
  }
}
