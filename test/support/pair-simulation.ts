import { SimulatedAgent } from './pair-simulation/agent.ts'
import { Audit } from './pair-simulation/audit.ts'
import { SimulatedEtcd } from './pair-simulation/etcd.ts'
import { heal, strike } from './pair-simulation/faults.ts'
import { SimulatedFileserver } from './pair-simulation/fileserver.ts'
import { SimulatedMachine } from './pair-simulation/machine.ts'
import { SimulatedNetwork } from './pair-simulation/network.ts'
import {
  names,
  otherOf,
  World,
  type Name,
  type Scene,
  type SimulatedNode,
  type Stage,
} from './pair-simulation/world.ts'

export interface Simulated {
  seed: number
  violation: string | undefined
  /** What led to it, the last moments only. */
  story: readonly string[]
  reigns: number
  acknowledged: number
  /** Moments with two active nodes that no protocol can prevent: one had been suspended. */
  excused: number
  /** From the end of all faults to one active node. */
  healedMs: number
}

/** Two nodes and an etcd, in simulated time, with faults by chance; then none, and one of them must be active. */
export function simulate(scene: Scene, tells = false): Simulated {
  return new Simulation(scene, tells).run()
}

const storyLines = 150

class Simulation {
  readonly #scene: Scene
  readonly #stage: Stage
  readonly #audit: Audit

  constructor(scene: Scene, tells: boolean) {
    const world = new World(scene, tells)
    this.#scene = scene
    this.#audit = new Audit(
      world,
      () => this.#stage.nodes,
      () => this.#stage.etcd,
    )
    const etcd = new SimulatedEtcd(world, this.#audit)
    const network = new SimulatedNetwork(world)
    // Clocks differ by up to 4 % in rate.
    const rate = world.between(0.98, 1.02)
    const nodes = {
      a: this.#node('a', rate, world, etcd, network),
      b: this.#node('b', 2 - rate, world, etcd, network),
    }
    this.#stage = { world, audit: this.#audit, etcd, network, nodes }
  }

  run(): Simulated {
    const { world, nodes } = this.#stage
    for (const name of names) {
      nodes[name].fileserver.start()
      if (this.#scene.script !== undefined || world.often(0.9)) nodes[name].agent.start()
    }
    this.#leases()
    if (this.#scene.script === undefined) this.#trouble()
    else this.#scene.script(this.#stage)
    this.#until(this.#scene.troubleMs)
    const healedMs = this.#recover()
    const { violation, reigns, acknowledgedSaves, excused } = this.#audit
    const story = world.story?.slice(-storyLines) ?? []
    return {
      seed: this.#scene.seed,
      violation,
      story,
      reigns,
      acknowledged: acknowledgedSaves,
      excused,
      healedMs,
    }
  }

  #recover(): number {
    const { world, network } = this.#stage
    const { observeMs } = this.#scene.timing
    heal(this.#stage)
    const healedAtMs = world.nowMs
    // What is still on its way may change things once more.
    this.#until(network.lastArrivalMs)
    let latestMs = world.nowMs
    while (this.#audit.active === undefined && this.#goesOn(latestMs + observeMs / 0.95 + 2_000))
      latestMs = Math.max(latestMs, ...this.#backOffs())
    if (this.#audit.active === undefined && this.#audit.violation === undefined)
      this.#audit.violated('nobody is active, though all has been well for long enough')
    const tookMs = world.nowMs - healedAtMs
    this.#until(world.nowMs + 500)
    return tookMs
  }

  /** Until when somebody may keep out of it, having failed to serve. */
  #backOffs(): number[] {
    const { nodes, world } = this.#stage
    return names.map((name) => {
      const { agent, machine } = nodes[name]
      const waitsMs = (agent.state?.notBeforeMs ?? -Infinity) - machine.clockMs
      return waitsMs > 0 ? world.nowMs + waitsMs / machine.rate : 0
    })
  }

  #until(ms: number): void {
    while (this.#stage.world.nowMs < ms && this.#goesOn(ms));
  }

  #goesOn(untilMs: number): boolean {
    const { world } = this.#stage
    return this.#audit.violation === undefined && world.nowMs < untilMs && world.queue.next()
  }

  #trouble(): void {
    const { world } = this.#stage
    world.after(world.between(20, 900), () => {
      if (world.nowMs >= this.#scene.troubleMs) return
      strike(this.#stage)
      this.#trouble()
    })
  }

  #leases(): void {
    const { world, etcd, network } = this.#stage
    world.after(500, () => {
      if (network.hasQuorum) etcd.expireLease()
      this.#leases()
    })
  }

  #node(
    name: Name,
    rate: number,
    world: World,
    etcd: SimulatedEtcd,
    network: SimulatedNetwork,
  ): SimulatedNode {
    const audit = () => this.#audit
    const there = () => this.#stage.nodes[otherOf(name)]
    const machine = new SimulatedMachine(name, rate, world, audit)
    const fileserver: SimulatedFileserver = new SimulatedFileserver({
      world,
      machine,
      network,
      audit,
      other: () => there().fileserver,
      changeInsync: (nodes, done) => agent.changeInsync(nodes, done),
    })
    const agent: SimulatedAgent = new SimulatedAgent({
      world,
      machine,
      etcd,
      network,
      fileserver,
      deliver: (message) => there().agent.receive(message),
      notice: (leaderRevision) => there().agent.notice(leaderRevision),
    })
    return { machine, fileserver, agent }
  }
}
