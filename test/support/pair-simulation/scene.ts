import { begin, step } from '../../../ha/role/role.ts'
import type { Timing } from '../../../ha/role/timing.ts'
import { seededRandom } from '../random.ts'
import type { Scene } from './world.ts'

export const usualTiming: Timing = {
  renewMs: 250,
  etcdMs: 250,
  deadlineMs: 900,
  lifetimeMs: 1_000,
  observeMs: 1_650,
}

/** A pair with all its rules on a sound network. */
export const usualScene = (seed: number): Scene => ({
  seed,
  timing: usualTiming,
  core: { begin, step },
  rules: { removesFirst: true, guardsInsync: true, mindsTheTime: true },
  weather: { lateShare: 0, datagramMs: 4, etcdMs: 5 },
  troubleMs: 5_000,
})

/** Its timing and its network by chance: one in two has the usual timing. */
export function sceneOf(seed: number): Scene {
  const random = seededRandom(seed ^ 0x5ce7e)
  const between = (least: number, most: number) => Math.round(least + random() * (most - least))
  const often = (share: number) => random() < share
  return {
    ...usualScene(seed),
    timing: often(0.5) ? usualTiming : tightTiming(between),
    weather: {
      lateShare: often(0.7) ? 0.02 : 0.15,
      datagramMs: often(0.8) ? 4 : 400,
      etcdMs: often(0.7) ? 5 : 120,
    },
    troubleMs: between(3_000, 7_000),
  }
}

/** As fast as the rules of timing allow: no slack is left. */
function tightTiming(between: (least: number, most: number) => number): Timing {
  const renewMs = between(100, 300)
  const etcdMs = renewMs + between(0, 100)
  const deadlineMs = 3 * renewMs + between(0, 200)
  const lifetimeMs = between(300, 1_000)
  const observeMs = Math.ceil(Math.max(deadlineMs + 100, etcdMs + 50 + lifetimeMs + 250) / 0.95)
  return { renewMs, etcdMs, deadlineMs, lifetimeMs, observeMs }
}
