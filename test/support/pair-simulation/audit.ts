import type { Campaign, PairRecord } from '../../../ha/role/state.ts'
import type { SimulatedEtcd, Listener } from './etcd.ts'
import { mostSaves } from './fileserver.ts'
import type { Motion } from './machine.ts'
import { names, otherOf, type Name, type SimulatedNode, type World } from './world.ts'

/** Looks over everybody's shoulder, and says what must never be. */
export class Audit implements Listener {
  violation: string | undefined
  saves = 0
  acknowledgedSaves = 0
  reigns = 0
  /** Moments in which both were active, since one had been suspended, or stopped on its way to the address. */
  excused = 0
  readonly #world: World
  readonly #nodes: () => Record<Name, SimulatedNode>
  readonly #etcd: () => SimulatedEtcd
  readonly #acknowledged = new Uint8Array(mostSaves)
  /** Reigns up to this one ended by an order that accepts losses. */
  #forcedEpoch = 0
  readonly #mayBeLost = new Uint8Array(mostSaves)
  #highestEpoch = 0

  constructor(world: World, nodes: () => Record<Name, SimulatedNode>, etcd: () => SimulatedEtcd) {
    this.#world = world
    this.#nodes = nodes
    this.#etcd = etcd
  }

  /**
   * How long a node that was stopped may be wrong about itself. One whose clock stood still as well takes its old
   * consents for good ones.
   */
  lateMs(motion: Motion): number {
    return 150 + (motion === 'suspended' ? this.#world.scene.timing.observeMs : 0)
  }

  /** This node's address or gate was opened, or is kept open. */
  holds(name: Name): void {
    const nodes = this.#nodes()
    const other = nodes[otherOf(name)]
    if (!isActive(nodes[name]) || !isActive(other)) return
    if (names.some((each) => this.#world.nowMs < nodes[each].machine.lateUntilMs)) {
      this.excused += 1
      return
    }
    this.violated(
      `${name} is active, and so is ${otherOf(name)} (address ${other.machine.hasAddress}, gate ${other.fileserver.isOpen})`,
    )
  }

  taken(node: Name, campaign: Campaign, before: PairRecord): void {
    this.reigns += 1
    const epoch = this.#etcd().record.term?.epoch ?? 0
    if (epoch <= this.#highestEpoch) this.violated(`epoch ${epoch} after ${this.#highestEpoch}`)
    this.#highestEpoch = epoch
    if (before.insync?.nodes.includes(node) !== false) return
    if (!campaign.why.startsWith('forced')) return this.violated(`${node} was not in sync and took over`)
    this.#forcedEpoch = epoch
    const { disk } = this.#nodes()[node].fileserver
    for (let id = 0; id < this.saves; id += 1) if (disk[id] === 0) this.#mayBeLost[id] = 1
  }

  insyncChanged(): void {
    for (let id = 0; id < this.saves; id += 1) if (this.#acknowledged[id] === 1) this.#isKept(id)
  }

  nextSave(): number | undefined {
    return this.saves < mostSaves ? this.saves++ : undefined
  }

  acknowledged(id: number, epoch: number): void {
    this.acknowledgedSaves += 1
    this.#acknowledged[id] = 1
    if (epoch < this.#forcedEpoch) this.#mayBeLost[id] = 1
    this.#isKept(id)
  }

  /** The one active node, if it is the only one. */
  get active(): Name | undefined {
    const nodes = this.#nodes()
    const active = names.filter((name) => isActive(nodes[name]))
    const [name] = active
    if (active.length !== 1 || name === undefined) return undefined
    const { machine, fileserver } = nodes[name]
    return machine.hasAddress && fileserver.isOpen ? name : undefined
  }

  #isKept(id: number): void {
    if (this.#mayBeLost[id] === 1) return
    const insync = (this.#etcd().record.insync?.nodes ?? []) as readonly Name[]
    for (const name of insync)
      if (this.#nodes()[name].fileserver.disk[id] !== 1)
        this.violated(`save ${id} is acknowledged, and ${name} counts as in sync without it`)
  }

  violated(what: string): void {
    this.violation ??= what
    this.#world.tell('!!!!', () => what)
  }
}

export const isActive = ({ machine, fileserver }: SimulatedNode) => machine.hasAddress || fileserver.isOpen
