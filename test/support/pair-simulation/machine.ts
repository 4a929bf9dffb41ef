import type { Audit } from './audit.ts'
import type { Name, World } from './world.ts'

/** Running; stopped with its clock going on; or the machine is virtual, and its clock and kernel stand still, too. */
export type Motion = 'runs' | 'frozen' | 'suspended'

type Order = 'acquire' | 'renew' | 'release'

interface Running {
  order: Order
  act: () => void
  isOff: boolean
  next: (() => void) | undefined
}

/** A node's clock, its kernel with the floating address, and whatever runs on it: all stops when it stops. */
export class SimulatedMachine {
  readonly name: Name
  readonly rate: number
  motion: Motion = 'runs'
  isOn = true
  /** What the kernel was being told when the node was stopped, it is told when the node goes on. */
  lateUntilMs = 0
  readonly #world: World
  readonly #audit: () => Audit
  readonly #startsAtMs: number
  #suspendedMs = 0
  #suspendedAtMs = 0
  #boot = 0
  #stopped: (() => void)[] = []
  /** By this node's clock, as is all that a node knows. */
  #addressUntilMs = -Infinity
  #running: Running | undefined

  constructor(name: Name, rate: number, world: World, audit: () => Audit) {
    this.name = name
    this.rate = rate
    this.#world = world
    this.#audit = audit
    this.#startsAtMs = world.between(0, 100_000)
  }

  /** The monotonic clock. */
  get clockMs(): number {
    const nowMs = this.motion === 'suspended' ? this.#suspendedAtMs : this.#world.nowMs
    return this.#startsAtMs + (nowMs - this.#suspendedMs) * this.rate
  }

  /** The kernel answers for the floating address. */
  get hasAddress(): boolean {
    return this.isOn && this.motion !== 'suspended' && this.clockMs < this.#addressUntilMs
  }

  /** Something that runs on this machine goes on after so many of its milliseconds. */
  later(ms: number, task: () => void): void {
    const boot = this.#boot
    const goOn = () => {
      if (boot !== this.#boot || !this.isOn) return
      if (this.motion === 'runs') task()
      else this.#stopped.push(goOn)
    }
    this.#world.after(ms / this.rate, goOn)
  }

  stop(motion: 'frozen' | 'suspended'): void {
    if (!this.isOn || this.motion !== 'runs') return
    this.#world.tell(this.name, () => `is ${motion}`)
    this.motion = motion
    this.#suspendedAtMs = this.#world.nowMs
  }

  goOn(): void {
    if (this.motion === 'runs') return
    this.#world.tell(this.name, () => `is no longer ${this.motion}`)
    if (this.motion === 'suspended') this.#suspendedMs += this.#world.nowMs - this.#suspendedAtMs
    const isOnItsWay = this.#running !== undefined && this.#running.order !== 'release'
    if (isOnItsWay || this.motion === 'suspended')
      this.lateUntilMs = this.#world.nowMs + this.#audit().lateMs(this.motion)
    this.motion = 'runs'
    const stopped = this.#stopped
    this.#stopped = []
    for (const goOn of stopped) this.#world.after(this.#world.between(0, 3), goOn)
  }

  /** The power goes. What is on disk stays. */
  turnOff(): void {
    this.goOn()
    this.#world.tell(this.name, () => 'loses its power')
    this.isOn = false
    this.#boot += 1
    this.#addressUntilMs = -Infinity
    this.#running = undefined
  }

  turnOn(): void {
    this.isOn = true
  }

  acquire(notAfterMs: number): void {
    this.#give('acquire', notAfterMs, this.#world.between(2, 20), () => {
      this.#keepAddress()
      this.#world.tell(this.name, () => 'has the floating address')
    })
  }

  /** Takes it anew if it has ended in the meantime. */
  renew(notAfterMs: number): void {
    if (this.#running !== undefined) return
    this.#give('renew', notAfterMs, this.#world.between(1, 8), () => this.#keepAddress())
  }

  release(done: () => void): void {
    this.#give('release', Infinity, this.#world.between(2, 20), () => {
      this.#addressUntilMs = -Infinity
      this.#world.tell(this.name, () => 'has no floating address')
      done()
    })
  }

  /** One at a time, the latest wins; what comes after a release waits for it. One that is ended on its way has acted, or has not. */
  #give(order: Order, notAfterMs: number, ms: number, act: () => void): void {
    const before = this.#running
    if (before?.order === 'release') {
      before.next = () => this.#give(order, notAfterMs, ms, act)
      return
    }
    if (before !== undefined) {
      before.isOff = true
      if (this.#world.often(0.5)) before.act()
    }
    this.#running = undefined
    if (this.clockMs >= notAfterMs && this.#world.scene.rules.mindsTheTime) return
    const running: Running = { order, act, isOff: false, next: undefined }
    this.#running = running
    this.later(ms, () => {
      if (running.isOff) return
      this.#running = undefined
      act()
      running.next?.()
    })
  }

  /** The kernel looks for ended addresses in steps of up to a quarter of a second. */
  #keepAddress(): void {
    this.#addressUntilMs = this.clockMs + this.#world.scene.timing.lifetimeMs + this.#world.between(0, 250)
    this.#audit().holds(this.name)
  }
}
