import type { Effect } from '../../../ha/role/state.ts'
import type { Audit } from './audit.ts'
import type { SimulatedMachine } from './machine.ts'
import type { SimulatedNetwork } from './network.ts'
import { otherOf, type Name, type World } from './world.ts'

export const mostSaves = 1_024
const replicateMs = 300

interface Save {
  id: number
  epoch: number
  isHere: boolean
  isThere: boolean
}

export interface FileserverParts {
  world: World
  machine: SimulatedMachine
  network: SimulatedNetwork
  audit: () => Audit
  other: () => SimulatedFileserver
  /** By way of the agent. */
  changeInsync: (nodes: readonly Name[], done: (isConfirmed: boolean) => void) => void
}

/**
 * What phones save, and its way to the other node's disk. Saves are numbered; a disk is a row of ones and noughts. It
 * is a process of its own: it stays when its agent is killed, and stops only with the machine.
 */
export class SimulatedFileserver {
  readonly disk = new Uint8Array(mostSaves)
  readonly #parts: FileserverParts
  readonly #name: Name
  #gate: { epoch: number; untilMs: number } | undefined
  /** Nothing is taken over from the other node that is older. */
  #acceptsEpoch = 0
  /** Of our last reign: whether each save must be on the other node's disk, and whether the way there is open. */
  #reign = 0
  #requiresOther = false
  #isConnected = false
  #isInsync = false
  #asks = false
  #waiting: Save[] = []

  constructor(parts: FileserverParts) {
    this.#parts = parts
    this.#name = parts.machine.name
  }

  get isOpen(): boolean {
    const { machine } = this.#parts
    const isUp = machine.isOn && machine.motion !== 'suspended'
    return isUp && this.#gate !== undefined && machine.clockMs < this.#gate.untilMs
  }

  start(): void {
    const { world, machine } = this.#parts
    const beat = () => {
      machine.later(world.between(40, 120), beat)
      if (!this.isOpen) return
      if (this.#isConnected || !this.#requiresOther || world.often(0.3)) this.#save()
      this.#connect()
    }
    beat()
  }

  powerLost(): void {
    this.#gate = undefined
    this.#waiting = []
    this.#isConnected = this.#asks = false
    this.#reign = 0
  }

  openGate({ epoch, untilMs }: Effect & { do: 'open gate' }, insync: readonly string[]): void {
    const { audit } = this.#parts
    if (epoch !== this.#reign) {
      this.#reign = epoch
      this.#requiresOther = this.#isInsync = insync.includes(otherOf(this.#name))
      this.#isConnected = this.#asks = false
      this.#waiting = []
    }
    this.#acceptsEpoch = Math.max(this.#acceptsEpoch, epoch)
    this.#gate = { epoch, untilMs }
    audit().holds(this.#name)
  }

  closeGate(): void {
    this.#gate = undefined
    this.#waiting = []
  }

  /** The other node's way to our disk. @returns false when it comes from a reign that is over */
  accepts(epoch: number): boolean {
    const isFollowing = this.#gate === undefined || this.#gate.epoch < epoch
    if (!isFollowing || epoch < this.#acceptsEpoch) return false
    this.#acceptsEpoch = epoch
    return true
  }

  #save(): void {
    const { world, machine, audit } = this.#parts
    const id = audit().nextSave()
    if (id === undefined) return
    const save: Save = { id, epoch: this.#reign, isHere: false, isThere: false }
    this.#waiting.push(save)
    machine.later(world.between(0.5, 5), () => {
      this.disk[id] = 1
      save.isHere = true
      if (this.#requiresOther) this.#replicate(save)
      this.#settle()
    })
  }

  #replicate(save: Save): void {
    const { world, machine, network, other } = this.#parts
    machine.later(replicateMs, () => this.#wasLate(save))
    if (!this.#isConnected || !network.connects()) return
    const there = other()
    there.#parts.machine.later(world.between(1, 8), () => {
      if (!network.connects() || !there.accepts(save.epoch)) return
      there.disk[save.id] = 1
      machine.later(world.between(0.2, 3), () => {
        if (!network.connects()) return
        save.isThere = true
        this.#settle()
      })
    })
  }

  #wasLate(save: Save): void {
    const { world } = this.#parts
    if (save.isThere || !this.#waiting.includes(save)) return
    this.#isConnected = false
    if (!this.#requiresOther) return this.#settle()
    if (!world.scene.rules.removesFirst) this.#requiresOther = false
    if (!this.#asks) this.#askFor([this.#name])
    if (!world.scene.rules.removesFirst) this.#settle()
  }

  /** Acknowledges what is safe, as long as the gate is open. */
  #settle(): void {
    const { audit } = this.#parts
    const isSafe = ({ isHere, isThere }: Save) => isHere && (isThere || !this.#requiresOther)
    const safe = this.#waiting.filter(isSafe)
    this.#waiting = this.#waiting.filter((save) => !isSafe(save))
    for (const { id, epoch } of safe)
      if (this.isOpen && this.#gate?.epoch === epoch) audit().acknowledged(id, epoch)
  }

  /** Brings the other node up to date; from then on it gets each save at once, and may count as in sync. */
  #connect(): void {
    const { world, machine, network, other } = this.#parts
    if (this.#asks || !network.connects()) return
    if (this.#isConnected) {
      if (!this.#isInsync) this.#askFor([this.#name, otherOf(this.#name)])
      return
    }
    const there = other()
    const epoch = this.#reign
    there.#parts.machine.later(world.between(20, 150), () => {
      if (this.#isConnected || this.#reign !== epoch || machine.motion !== 'runs' || !machine.isOn) return
      if (!network.connects() || !there.accepts(epoch)) return
      there.disk.set(this.disk)
      world.tell(this.#name, () => 'has brought the other node up to date')
      for (const save of this.#waiting) save.isThere ||= save.isHere
      this.#isConnected = this.#requiresOther = true
    })
  }

  #askFor(nodes: readonly Name[]): void {
    const epoch = this.#reign
    const removes = nodes.length === 1
    this.#asks = true
    this.#parts.changeInsync(nodes, (isConfirmed) => {
      if (this.#reign !== epoch) return
      this.#asks = false
      if (isConfirmed) this.#isInsync = !removes
      if (!removes) return
      if (!isConfirmed) this.#waiting = []
      else if (!this.#isConnected) this.#requiresOther = false
      this.#settle()
    })
  }
}
