import type { Config } from '../lib/base/config.ts'

/** By what the watchdog judges and acts: its settings in milliseconds, and what is known of this installation. */
export interface Rules {
  /** Name of this node, for messages. */
  node: string
  intervalMs: number
  /** How often what is in trouble is asked: never more seldom than the rest. */
  suspectMs: number
  failureLimit: number
  /** 0: only the counter counts. */
  failuresOf: number
  graceMs: number
  /** `watchdog.act`: false means that it only tells. */
  mayAct: boolean
  /** `watchdog.restart` is not `none`. */
  mayRestart: boolean
  /** There is another node that can take over. */
  hasPair: boolean
  reopensPerHour: number
  restartsPerHour: number
  healthyMs: number
  /** An act whose end is not reported for this long has failed. */
  actLimitMs: number
  /** Two events further apart than this: the watchdog itself stood still, and saw nothing. */
  stallMs: number
}

/** An act ends by the limits of the driver that does it; this much later nobody will report it any more. */
const reportsWithinMs = 120_000

/** The shell ticks every second; that it missed so many is no coincidence, and more than one probe has run out of time. */
const stallMs = 15_000

export function rulesOf(settings: Config['watchdog'], node: string, hasPair: boolean): Rules {
  const intervalMs = settings.intervalSeconds * 1_000
  return {
    node,
    intervalMs,
    suspectMs: Math.min(intervalMs, settings.suspectSeconds * 1_000),
    failureLimit: settings.failureLimit,
    failuresOf: settings.failuresOf,
    graceMs: settings.graceSeconds * 1_000,
    mayAct: settings.act,
    mayRestart: settings.restart !== 'none',
    hasPair,
    reopensPerHour: settings.reopensPerHour,
    restartsPerHour: settings.restartsPerHour,
    healthyMs: settings.healthyMinutes * 60_000,
    actLimitMs: settings.scriptTimeoutMs + reportsWithinMs,
    stallMs,
  }
}

/** When something happens. */
export interface Moment {
  /** Milliseconds of the monotonic clock: all that is judged goes by this. */
  atMs: number
  /** ISO 8601, best with the offset of the place (`2026-11-24T09:15:02+01:00`): for names and texts, never judged by. */
  wall: string
  /** From 0 to below 1, for jitter. */
  chance: number
}
