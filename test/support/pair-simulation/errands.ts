import type { Effect, Event, Message, PairRecord, State } from '../../../ha/role/state.ts'
import type { Answer, SimulatedEtcd } from './etcd.ts'
import type { SimulatedFileserver } from './fileserver.ts'
import type { SimulatedMachine } from './machine.ts'
import type { SimulatedNetwork } from './network.ts'
import { otherOf, type World } from './world.ts'

export interface ErrandParts {
  world: World
  machine: SimulatedMachine
  etcd: SimulatedEtcd
  network: SimulatedNetwork
  fileserver: SimulatedFileserver
  /** Brings a message to the other node. */
  deliver: (message: Message) => void
  /** The other node's watch sees the leader's record rewritten. */
  notice: (leaderRevision: number) => void
}

/** The process that sends somebody out. */
export interface Sender {
  readonly state: State | undefined
  later(ms: number, task: () => void): void
  happen(event: Event): void
}

/** What an agent does about effects: each takes its time, and may be lost, late, or without an answer. */
export class Errands {
  readonly #parts: ErrandParts
  readonly #sender: Sender

  constructor(parts: ErrandParts, sender: Sender) {
    this.#parts = parts
    this.#sender = sender
  }

  /** @param done when the next may begin */
  perform(effect: Effect, done: () => void): void {
    const { machine, fileserver, world } = this.#parts
    switch (effect.do) {
      case 'drop VIP':
        return machine.release(done)
      case 'close gate':
        return machine.later(world.between(0.2, 3), () => {
          fileserver.closeGate()
          done()
        })
      case 'open gate': {
        const insync = this.#sender.state?.record?.insync?.nodes ?? []
        return machine.later(world.between(0.2, 3), () => {
          fileserver.openGate(effect, insync)
          done()
        })
      }
      case 'say':
      case 'look':
      case 'take':
      case 'renew':
      case 'send':
      case 'take VIP':
      case 'keep VIP':
      case 'drain':
      case 'release':
        this.#begin(effect)
        return done()
    }
  }

  /** A guarded change of the in-sync set. */
  setInsync(nonce: string, nodes: readonly string[], done: (isConfirmed: boolean) => void): void {
    const { etcd, world } = this.#parts
    const known = this.#sender.state?.record?.insync?.revision ?? 0
    const replaced = world.scene.rules.guardsInsync ? known : undefined
    this.#ask(
      () => etcd.setInsync(nonce, nodes, replaced),
      (answer) => {
        this.#looked(answer)
        done(answer?.outcome === 'confirmed')
      },
    )
  }

  #begin(effect: Exclude<Effect, { do: 'drop VIP' | 'close gate' | 'open gate' }>): void {
    const { machine, world } = this.#parts
    switch (effect.do) {
      case 'say':
        return
      case 'look':
        return this.#look()
      case 'take':
        return this.#take(effect)
      case 'renew':
        return this.#renew(effect.nonce)
      case 'send':
        return this.#send(effect.message)
      case 'take VIP':
        return machine.acquire(effect.notAfterMs)
      case 'keep VIP':
        return machine.renew(effect.notAfterMs)
      case 'drain':
        return this.#sender.later(world.between(1, 150), () => this.#sender.happen({ type: 'drained' }))
      case 'release':
        return this.#release(effect)
    }
  }

  #look(): void {
    const { etcd, network, world, machine } = this.#parts
    const record = () => (network.lags ? etcd.asOf(world.nowMs - 400) : etcd.record)
    this.#ask(
      () => ({ ...etcd.look(machine.name), record: record() }),
      (answer) => this.#looked(answer),
    )
  }

  #take({ campaign }: Effect & { do: 'take' }): void {
    const { etcd, machine } = this.#parts
    this.#ask(
      () => etcd.take(machine.name, campaign),
      (answer) => {
        if (answer === undefined) return this.#sender.happen({ type: 'took', outcome: 'unknown' })
        const outcome = answer.outcome === 'confirmed' ? 'done' : 'refused'
        this.#sender.happen({ type: 'took', outcome, record: answer.record })
      },
    )
  }

  #renew(nonce: string): void {
    const { etcd, machine } = this.#parts
    const sentMs = machine.clockMs
    this.#ask(
      () => {
        const answer = etcd.renew(machine.name, nonce)
        if (answer.outcome === 'confirmed') this.#notify(answer.record)
        return answer
      },
      (answer) => {
        const how = answer ?? ({ outcome: 'unknown' } as const)
        this.#sender.happen({ type: 'renewed', sentMs, ...how })
      },
    )
  }

  #notify({ leader }: PairRecord): void {
    const { network, machine, notice } = this.#parts
    if (leader !== undefined) network.notify(otherOf(machine.name), () => notice(leader.revision))
  }

  #release({ nonce, epoch, handTo }: Effect & { do: 'release' }): void {
    const { etcd, machine } = this.#parts
    for (let copy = 0; copy < 2; copy += 1) this.#send({ type: 'RELEASE', epoch })
    this.#ask(
      () => etcd.release(machine.name, nonce, handTo),
      (answer) => this.#looked(answer),
    )
  }

  #send(message: Message): void {
    const { network, deliver, machine } = this.#parts
    network.send(machine.name, message, () => deliver(message))
  }

  #looked(answer: Answer | undefined): void {
    if (answer !== undefined) this.#sender.happen({ type: 'looked', record: answer.record })
  }

  /** Whoever waits gets one answer: undefined when none came in time. */
  #ask(execute: () => Answer, answered: (answer: Answer | undefined) => void): void {
    const { network, world, machine } = this.#parts
    let isOver = false
    const once = (answer: Answer | undefined) => {
      if (isOver) return
      isOver = true
      answered(answer)
    }
    network.ask(machine.name, execute, (answer) => this.#sender.later(0, () => once(answer)))
    this.#sender.later(world.scene.timing.etcdMs, () => once(undefined))
  }
}
