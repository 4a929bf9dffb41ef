import type { Effect, Event, Message, State } from '../../../ha/role/state.ts'
import { Errands, type ErrandParts, type Sender } from './errands.ts'
import { effectText, eventText } from './telling.ts'
import { otherOf, type Name } from './world.ts'

const tickMs = 40
const waitsForNone: readonly Effect['do'][] = ['send', 'look', 'say']

/** The process that feeds the core: told what happens, late when it stands still, and performing effects in order. */
export class SimulatedAgent implements Sender {
  readonly name: Name
  state: State | undefined
  isFrozen = false
  readonly #parts: ErrandParts
  readonly #errands: Errands
  /** Tells a process from the one before. */
  #run = 0
  #inbox: (() => void)[] = []
  #queue: Effect[] = []
  #isBusy = false
  #isStopping = false

  constructor(parts: ErrandParts) {
    this.name = parts.machine.name
    this.#parts = parts
    this.#errands = new Errands(parts, this)
  }

  start(): void {
    this.#parts.machine.later(0, () => this.#begin())
  }

  kill(): void {
    if (this.state === undefined) return
    this.#parts.world.tell(this.name, () => 'its agent is killed')
    this.#end()
  }

  /** In good order. */
  stop(): void {
    if (this.state === undefined || this.isFrozen || this.#parts.machine.motion !== 'runs') return
    this.happen({ type: 'stop' })
    this.#isStopping = true
    this.#work()
  }

  freeze(): void {
    if (this.state === undefined || this.isFrozen) return
    this.#parts.world.tell(this.name, () => 'its agent stands still')
    this.isFrozen = true
  }

  /** Timers or sockets: what comes first is chance. */
  goOn(): void {
    if (!this.isFrozen) return
    const { world } = this.#parts
    world.tell(this.name, () => 'its agent goes on')
    this.isFrozen = false
    const inbox = world.often(0.5) ? this.#inbox : this.#inbox.toReversed()
    this.#inbox = []
    for (const task of inbox) this.later(world.between(0, 2), task)
    this.later(0, () => this.#work())
  }

  /** In this process, unless it has ended; while it stands still, what happens is kept. */
  later(ms: number, task: () => void): void {
    const run = this.#run
    this.#parts.machine.later(ms, () => {
      if (run !== this.#run) return
      if (this.isFrozen) this.#inbox.push(task)
      else task()
    })
  }

  receive(message: Message): void {
    this.later(0, () => this.happen({ type: 'heard', message }))
  }

  /** By its watch on etcd. */
  notice(leaderRevision: number): void {
    this.later(0, () => this.happen({ type: 'seen', leaderRevision }))
  }

  happen(event: Event): void {
    const { world, machine } = this.#parts
    if (this.state === undefined || this.#isStopping) return
    if (event.type !== 'tick') world.tell(this.name, () => `<- ${eventText(event)}`)
    const moment = { nowMs: machine.clockMs, fresh: world.fresh() }
    const { state, effects } = world.scene.core.step(this.state, event, moment, world.scene.timing)
    this.state = state
    for (const effect of effects) {
      if (effect.do !== 'look') world.tell(this.name, () => `-> ${effectText(effect)}`)
      if (waitsForNone.includes(effect.do)) this.#errands.perform(effect, () => {})
      else this.#queue.push(effect)
    }
    this.#work()
  }

  /** Another set of nodes has everything, says the file server. */
  changeInsync(nodes: readonly Name[], done: (isConfirmed: boolean) => void): void {
    const { role } = this.state ?? {}
    if (role?.name !== 'active' || this.isFrozen) return done(false)
    this.#errands.setInsync(role.nonce, nodes, done)
  }

  /** What an earlier run left behind goes first. */
  #begin(): void {
    const { world, machine, fileserver } = this.#parts
    if (this.state !== undefined) return
    world.tell(this.name, () => 'its agent starts')
    this.#run += 1
    this.#isBusy = this.#isStopping = false
    this.state = world.scene.core.begin(this.name, otherOf(this.name), machine.clockMs)
    fileserver.closeGate()
    machine.release(() => {})
    this.later(world.between(0, tickMs), () => this.#tick())
  }

  #tick(): void {
    this.later(this.#parts.world.between(tickMs, tickMs + 10), () => this.#tick())
    this.happen({ type: 'tick' })
  }

  #work(): void {
    while (!this.#isBusy && !this.isFrozen) {
      const effect = this.#queue.shift()
      if (effect === undefined) return this.#isStopping ? this.#end() : undefined
      const run = this.#run
      this.#isBusy = true
      this.#errands.perform(effect, () => {
        if (run !== this.#run) return
        this.#isBusy = false
        this.#work()
      })
    }
  }

  #end(): void {
    this.#run += 1
    this.state = undefined
    this.isFrozen = this.#isStopping = false
    this.#inbox = []
    this.#queue = []
  }
}
