import type { begin, step } from '../../../ha/role/role.ts'
import type { Timing } from '../../../ha/role/timing.ts'
import { seededRandom } from '../random.ts'
import type { SimulatedAgent } from './agent.ts'
import type { Audit } from './audit.ts'
import type { SimulatedEtcd } from './etcd.ts'
import { EventQueue } from './event-queue.ts'
import type { SimulatedFileserver } from './fileserver.ts'
import type { SimulatedMachine } from './machine.ts'
import type { SimulatedNetwork } from './network.ts'

export type Name = 'a' | 'b'
export const names: readonly Name[] = ['a', 'b']
export const otherOf = (name: Name): Name => (name === 'a' ? 'b' : 'a')

/** The protocol under test, or one with a rule taken out. */
export interface Core {
  begin: typeof begin
  step: typeof step
}

/** What the parts around the core keep to. The controls switch one off. */
export interface Rules {
  /** A save is acknowledged by one node alone only once etcd has confirmed that the other is out of the set. */
  removesFirst: boolean
  /** A change of the in-sync set names the revision of the set that it replaces. */
  guardsInsync: boolean
  /** An order about the address that comes too late is not carried out. */
  mindsTheTime: boolean
}

export interface Weather {
  /** Share of questions to etcd, and of datagrams, that arrive when nobody waits for them any more. */
  lateShare: number
  /** A datagram's slowest way. */
  datagramMs: number
  /** The same of a promise. Absent: as for any other. */
  promiseMs?: number
  /** Slowest way to etcd and back, each. */
  etcdMs: number
}

export interface Scene {
  seed: number
  timing: Timing
  core: Core
  rules: Rules
  weather: Weather
  /** Faults go on for so long. */
  troubleMs: number
  /** What may go wrong, of what is known in `faults.ts`. Absent: everything. */
  faults?: readonly string[]
  /** What goes wrong, instead of faults by chance. */
  script?: (stage: Stage) => void
}

export interface Stage {
  world: World
  audit: Audit
  etcd: SimulatedEtcd
  network: SimulatedNetwork
  nodes: Record<Name, SimulatedNode>
}

export interface SimulatedNode {
  machine: SimulatedMachine
  agent: SimulatedAgent
  fileserver: SimulatedFileserver
}

/** What all parts of a simulation share: time, chance, and the story being told. */
export class World {
  readonly queue = new EventQueue()
  readonly scene: Scene
  readonly random: () => number
  /** Undefined: nobody reads it. */
  readonly story: string[] | undefined
  #named = 0

  constructor(scene: Scene, tells: boolean) {
    this.scene = scene
    this.random = seededRandom(scene.seed)
    this.story = tells ? [] : undefined
  }

  get nowMs(): number {
    return this.queue.nowMs
  }

  after(ms: number, task: () => void): void {
    this.queue.plan(this.queue.nowMs + ms, task)
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least)
  }

  /** True with that probability. */
  often(share: number): boolean {
    return this.random() < share
  }

  /** A name that nothing else has. */
  fresh(): string {
    return `n${(this.#named += 1)}`
  }

  tell(who: string, what: () => string): void {
    this.story?.push(`${this.queue.nowMs.toFixed(1).padStart(9)} ${who.padEnd(4)} ${what()}`)
  }
}
