import type { Clock } from '../../lib/base/clock.ts'
import type { Config } from '../../lib/base/config.ts'
import type { Finding, Probe, ProbeSubject } from '../probe.ts'
import { findingOf, type Attempt } from './attempt.ts'
import type { PhoneStub } from './phone-stub.ts'
import type { Turns } from './turns.ts'

/** What probes share. */
export interface ProbeParts {
  config: Config
  clock: Clock
  /** Of this run of the watchdog (`newToken`). */
  token: string
  phone: PhoneStub
  turns: Turns
  /** Has the file server ask our phone anew: what it remembers may be of an earlier run. */
  introduce: (address: string, signal: AbortSignal) => Promise<void>
}

export const fileServerProbe = 'file server'
const dataDiskProbe = 'disk of data'

/** What doors need that take files from us: with a full disk none of them works, and no restart would help. */
export const needsOfDoors = [fileServerProbe, dataDiskProbe]

/** What a probe is, beside what it does. */
export interface ProbeIdentity {
  name: string
  about: ProbeSubject
  dependsOn: readonly string[]
}

/** Gives the body of a probe its limits. */
export function probeOf(
  identity: ProbeIdentity,
  { config, clock }: Pick<ProbeParts, 'config' | 'clock'>,
  body: (attempt: Attempt) => Promise<void>,
): Probe {
  const { timeoutMs } = config.watchdog
  return { ...identity, run: (signal) => findingOf({ clock, timeoutMs, signal }, body) }
}

/** As long as all is well, asks only when `everyMs` have gone by, and else says what was found last. */
export function rarely(probe: Probe, everyMs: number, clock: Clock): Probe {
  let last: { finding: Finding; at: number } | undefined
  return {
    ...probe,
    runAnew: probe.run,
    async run(signal) {
      if (last !== undefined && clock.now() - last.at < everyMs) return last.finding
      const finding = await probe.run(signal)
      last = finding.outcome === 'ok' ? { finding, at: clock.now() } : undefined
      return finding
    },
  }
}
