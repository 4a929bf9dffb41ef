import { hostname } from 'node:os'
import type { Clock } from '../../lib/base/clock.ts'
import type { Config } from '../../lib/base/config.ts'
import { askControl, controlSocketPath, NotRunning } from '../../lib/base/control-socket.ts'
import type { Probe } from '../probe.ts'
import { Missed } from './attempt.ts'
import { dial } from './dial.ts'
import { probeOf, type ProbeParts } from './parts.ts'

/** What concerns both nodes: no restart of this one mends it. */
const about = { kind: 'machine' } as const

type Parts = Pick<ProbeParts, 'config' | 'clock'>

/** A change of the active node and a node that starts anew take less. */
const lastsMs = 60_000

/** What we read of the agent's answer; `ha/agent/judge.ts` has all of it. */
interface CheckAnswer {
  active?: string
  answer: 'ok' | 'degraded' | 'cannot' | 'down'
  checks: readonly { name: string; verdict: 'ok' | 'warning' | 'no'; why: string }[]
}

/**
 * Could the other node take over? A warning, once it has lasted for a while. The active node speaks for both, so that
 * one message comes; where none is active, or the agent of this node is silent, that has missed.
 */
export function pairProbe(parts: Parts): Probe {
  const { config, clock } = parts
  const { run, watchdog } = config
  const node = config.node.name || hostname()
  const socketPath = controlSocketPath(run.folder, 'agent')
  const lasts = lasting(clock)
  return probeOf({ name: 'pair', about, dependsOn: [] }, parts, async (attempt) => {
    attempt.ask('check of the pair by the agent')
    const check = await askControl<CheckAnswer>(socketPath, '/check', {
      timeoutMs: watchdog.timeoutMs,
    }).catch((error: unknown) => {
      throw error instanceof NotRunning ? new Missed(error.message, { cause: error }) : error
    })
    const isOld = lasts(check.answer !== 'ok')
    if (check.answer === 'down') throw new Missed(troubleOf(check))
    if (isOld && check.active === node) attempt.warnings.push(troubleOf(check))
  })
}

const troubleOf = ({ checks }: CheckAnswer): string =>
  checks
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ name, why }) => `not so: ${name} (${why})`)
    .join('; ')

/** @returns of what is told to it: whether it has been so for long enough, without a break */
function lasting(clock: Clock): (isSo: boolean) => boolean {
  let sinceMs: number | undefined
  return (isSo) => {
    sinceMs = isSo ? (sinceMs ?? clock.now()) : undefined
    return sinceMs !== undefined && clock.now() - sinceMs >= lastsMs
  }
}

/** Somebody serves at the floating address, as seen from here: on the standby it is the way of a phone. */
export function floatingAddressProbe(address: string, port: number, parts: Parts): Probe {
  return probeOf({ name: `floating address ${address}`, about, dependsOn: [] }, parts, async (attempt) => {
    attempt.ask(`connection to port ${port}`)
    const socket = await dial(attempt, { host: address, port })
    socket.destroy()
  })
}

/** The first port over TCP that phones are served on; undefined: there is TFTP alone. */
export const portOfPhones = ({ http, https, ftp }: Config): number | undefined =>
  [
    ...(http.enabled ? http.ports : []),
    ...(https.enabled ? https.ports : []),
    ...(ftp.enabled ? [ftp.port] : []),
  ][0]
