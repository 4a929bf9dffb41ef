import { beginTraffic } from '../../test/support/pair-audit.ts'
import type { PairNode } from '../../test/support/pair-node.ts'
import type { Pair } from '../../test/support/pair.ts'

export interface PairCase {
  title: string
  /** What the issue allows the worst of all rounds. */
  worstMs: number
  /** Saves go on meanwhile. */
  savesPerSecond: number
  play: (pair: Pair, active: PairNode, standby: PairNode) => Promise<void>
}

async function hostDies(pair: Pair, active: PairNode, standby: PairNode): Promise<void> {
  await pair.network.linkDown(active.name)
  for (const { child } of [active.agent, active.fileserver]) child.kill('SIGKILL')
  await pair.etcd.member(active.name).kill()
  await pair.becomesActive(standby)
}

export const pairCases: readonly PairCase[] = [
  { title: 'node dies', worstMs: 3_000, savesPerSecond: 0, play: hostDies },
  {
    title: 'node dies, and leads etcd',
    worstMs: 3_000,
    savesPerSecond: 0,
    async play(pair, active, standby) {
      await pair.etcd.lead(active.name)
      await pause(1_500) // a change of leader stirs up etcd for a while; that is not what is measured
      await hostDies(pair, active, standby)
    },
  },
  {
    title: 'agent killed, stop hook runs',
    worstMs: 1_000,
    savesPerSecond: 0,
    async play(pair, active, standby) {
      active.agent.child.kill('SIGKILL')
      await active.clear()
      await pair.becomesActive(standby)
    },
  },
  {
    title: 'planned, under load',
    worstMs: 200,
    savesPerSecond: 20,
    async play(pair, active, standby) {
      const order = { by: 'bench', why: 'measured', drainMs: 100, dryRun: false }
      await active.ask('agent', '/handover', 'POST', order)
      await pair.becomesActive(standby)
    },
  },
]

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** @returns the longest time in which no download was answered, in ms */
export async function playPairCase(pair: Pair, { play, savesPerSecond }: PairCase): Promise<number> {
  await pair.mend()
  const active = await pair.settled(60_000)
  const traffic = await beginTraffic(pair, { fetchEveryMs: 10, savesPerSecond })
  await pause(500)
  await play(pair, active, pair.otherOf(active.name))
  await pause(300)
  await pair.mend()
  await pair.settled(60_000)
  return (await traffic.stop()).getGapMs
}
