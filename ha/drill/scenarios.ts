import type { Config } from '../../lib/base/config.ts'
import type { PairStatus } from '../agent/views.ts'
import type { Act } from './acts.ts'
import { cutOffThisHost, linkDown } from './faults-network.ts'
import { fillDisk } from './faults-disk.ts'
import { freezeAgent, freezeEtcd, killAgent } from './faults-process.ts'

/** What can be played, as data. */
export interface Scenario {
  name: string
  summary: string
  /** The node it must be run on: where the harm is done. */
  on: 'any' | 'active' | 'etcd leader'
  /** Nothing can be measured from the node it is done to. */
  cutsOff: boolean
  objective: 'planned' | 'failure'
  /** How long the fault lasts, unless told otherwise. */
  lastsMs: number
  /** Absent: the role is handed over as planned. */
  fault?: (here: Here) => Promise<Fault>
}

/** The node that the fault befalls. */
export interface Here {
  status: PairStatus
  config: Pick<Config, 'pair' | 'data' | 'run'>
}

/** How it is done, and how it is taken back. @throws Error with a sentence when it cannot be done here */
export interface Fault {
  inflict: Act[]
  undo: Act[]
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'planned',
    summary: 'the role is handed over as planned',
    on: 'any',
    cutsOff: false,
    objective: 'planned',
    lastsMs: 0,
  },
  {
    name: 'kill-daemon',
    summary: 'the agent of the active node is killed (SIGKILL)',
    on: 'active',
    cutsOff: false,
    objective: 'failure',
    lastsMs: 5_000,
    fault: killAgent,
  },
  {
    name: 'freeze-agent',
    summary: 'the agent of the active node stands still (SIGSTOP), and goes on later',
    on: 'active',
    cutsOff: false,
    objective: 'failure',
    lastsMs: 8_000,
    fault: freezeAgent,
  },
  {
    name: 'nic-down',
    summary: 'the network interface of the active node goes down',
    on: 'active',
    cutsOff: true,
    objective: 'failure',
    lastsMs: 8_000,
    fault: linkDown,
  },
  {
    name: 'isolate',
    summary: 'the active node hears and says nothing any more, but for ssh',
    on: 'active',
    cutsOff: true,
    objective: 'failure',
    lastsMs: 8_000,
    fault: cutOffThisHost,
  },
  {
    name: 'etcd-leader-loss',
    summary: 'the etcd member that leads stands still; no node needs to change for it',
    on: 'etcd leader',
    cutsOff: false,
    objective: 'failure',
    lastsMs: 5_000,
    fault: freezeEtcd,
  },
  {
    name: 'disk-full',
    summary: 'the data folder of the active node has 1 MB left',
    on: 'active',
    cutsOff: false,
    objective: 'failure',
    lastsMs: 10_000,
    fault: fillDisk,
  },
]

/** Why it cannot be played here and now. */
export function* obstacles(
  scenario: Scenario,
  { node, active, etcd, paused, insync, nodes }: PairStatus,
): Iterable<string> {
  if (active === undefined) yield 'no node is active'
  if (scenario.on === 'active' && active !== undefined && active !== node)
    yield `${node} is not active; run it on ${active}`
  if (scenario.on === 'etcd leader' && !etcd.members.some(({ isLeader }) => isLeader))
    yield 'it is not known which member of etcd leads'
  if (paused !== undefined) yield `paused by ${paused.by}: ${paused.why}`
  const behind = nodes.filter(({ name }) => !insync.includes(name)).map(({ name }) => name)
  if (behind.length > 0) yield `${behind.join(' and ')} not in sync`
}
