import type { SimulatedAgent } from './agent.ts'
import type { Way } from './network.ts'
import { names, otherOf, type Name, type SimulatedNode, type Stage } from './world.ts'

/** Something goes wrong, or somebody does something, for so long at the most. */
type Fault = (stage: Stage, name: Name, ms: number) => void

const cut =
  (...of: ((name: Name) => Way)[]): Fault =>
  ({ network, world }, name, ms) => {
    for (const way of of) {
      network.cutUntilMs[way(name)] = world.nowMs + ms
      world.tell('net', () => `${way(name)} is cut for ${Math.round(ms)} ms`)
    }
  }
const held =
  (of: (name: Name) => Way): Fault =>
  ({ network, world }, name, ms) => {
    network.heldUntilMs[of(name)] = world.nowMs + ms
    world.tell('net', () => `what goes ${of(name)} is held up for ${Math.round(ms)} ms`)
  }
const toOther = (name: Name) => `${name}${otherOf(name)}` as Way
const fromOther = (name: Name) => `${otherOf(name)}${name}` as Way
const toEtcd = (name: Name) => `${name}e` as Way
const fromEtcd = (name: Name) => `e${name}` as Way

const weather =
  (what: 'noQuorumUntilMs' | 'slowUntilMs' | 'lossyUntilMs' | 'laggingUntilMs'): Fault =>
  ({ network, world }, _name, ms) => {
    network[what] = world.nowMs + ms
    world.tell('net', () => `${what} in ${Math.round(ms)} ms`)
  }

const agentFreezes: Fault = ({ nodes, world }, name, ms) => {
  nodes[name].agent.freeze()
  world.after(ms, () => nodes[name].agent.goOn())
}

const machineStops =
  (motion: 'frozen' | 'suspended'): Fault =>
  ({ nodes, world }, name, ms) => {
    nodes[name].machine.stop(motion)
    world.after(ms, () => nodes[name].machine.goOn())
  }

/** With its stop hook, which leaves nothing behind, or without. */
const agentDies: Fault = ({ nodes, world, network, etcd }, name, ms) => {
  const { agent, machine, fileserver } = nodes[name]
  const role = agent.state?.role
  agent.kill()
  world.after(ms, () => agent.start())
  if (role?.name !== 'active' || world.often(0.5)) return
  machine.later(world.between(5, 30), () => {
    fileserver.closeGate()
    machine.release(() => {
      const { nonce, epoch } = role
      const message = { type: 'RELEASE', epoch } as const
      network.send(name, message, () => nodes[otherOf(name)].agent.receive(message))
      network.ask(
        name,
        () => etcd.release(name, nonce, undefined),
        () => {},
      )
    })
  })
}

const powerFails: Fault = ({ nodes, world }, name, ms) => {
  const { agent, machine, fileserver } = nodes[name]
  if (!machine.isOn) return
  agent.kill()
  machine.turnOff()
  fileserver.powerLost()
  world.after(ms, () => turnOn({ agent, machine, fileserver }))
}

const agentStops: Fault = ({ nodes, world }, name, ms) => {
  nodes[name].agent.stop()
  world.after(ms, () => nodes[name].agent.start())
}

const paused: Fault = ({ etcd, world }, _name, ms) => {
  if (etcd.record.paused !== undefined) return
  etcd.pause()
  world.tell('ha', () => 'paused')
  world.after(ms, () => etcd.resume())
}

const takenOut: Fault = ({ etcd, world }, name, ms) => {
  etcd.takeOut([name])
  world.tell('ha', () => `${name} is taken out of service`)
  world.after(ms, () => etcd.takeOut([]))
}

/** The agent hears something in its own turn, if it runs. */
const hears =
  (event: Parameters<SimulatedAgent['happen']>[0]): Fault =>
  ({ nodes }, name) =>
    nodes[name].agent.later(0, () => nodes[name].agent.happen(event))

const handsOver: Fault = (stage, name, ms) =>
  hears({ type: 'hand over', to: otherOf(name), drainMs: Math.min(ms, 500), why: 'planned' })(stage, name, ms)

const unfit: Fault = (stage, name, ms) => {
  hears({ type: 'fitness', unfit: 'its disk is full' })(stage, name, ms)
  stage.world.after(ms, () => hears({ type: 'fitness', unfit: undefined })(stage, name, ms))
}

const all: readonly { what: string; weight: number; fault: Fault }[] = [
  { what: 'cut from the other node', weight: 4, fault: cut(toOther, fromOther) },
  { what: 'does not reach the other node', weight: 3, fault: cut(toOther) },
  { what: 'cut from etcd', weight: 6, fault: cut(toEtcd, fromEtcd) },
  { what: 'hears no answer of etcd', weight: 6, fault: cut(fromEtcd) },
  { what: 'does not reach etcd', weight: 3, fault: cut(toEtcd) },
  { what: 'questions to etcd held up', weight: 3, fault: held(toEtcd) },
  { what: 'answers of etcd held up', weight: 2, fault: held(fromEtcd) },
  { what: 'isolated', weight: 5, fault: cut(toOther, fromOther, toEtcd, fromEtcd) },
  { what: 'etcd without a quorum', weight: 3, fault: weather('noQuorumUntilMs') },
  { what: 'etcd slow', weight: 4, fault: weather('slowUntilMs') },
  { what: 'packet loss', weight: 3, fault: weather('lossyUntilMs') },
  { what: 'a member of etcd lags', weight: 3, fault: weather('laggingUntilMs') },
  { what: 'agent frozen', weight: 5, fault: agentFreezes },
  { what: 'node frozen', weight: 4, fault: machineStops('frozen') },
  { what: 'node suspended', weight: 2, fault: machineStops('suspended') },
  { what: 'agent killed', weight: 4, fault: agentDies },
  { what: 'power failure', weight: 4, fault: powerFails },
  { what: 'agent stopped', weight: 3, fault: agentStops },
  { what: 'planned hand-over', weight: 6, fault: handsOver },
  { what: 'paused', weight: 1, fault: paused },
  { what: 'taken out of service', weight: 1, fault: takenOut },
  { what: 'forced', weight: 2, fault: hears({ type: 'force', by: 'alice', why: 'no time' }) },
  { what: 'unfit', weight: 2, fault: unfit },
  {
    what: 'cannot serve',
    weight: 0.3,
    fault: hears({ type: 'cannot serve', why: 'the address is not answered for' }),
  },
]

export function strike(stage: Stage): void {
  const { world } = stage
  const name = world.often(0.5) ? 'a' : 'b'
  // Many short ones, some that last.
  const ms = world.often(0.6) ? world.between(20, 1_200) : world.between(500, 4_000)
  const { faults: only } = world.scene
  const choice = only === undefined ? all : all.filter(({ what }) => only.includes(what))
  let left = world.random() * choice.reduce((sum, { weight }) => sum + weight, 0)
  choice.find(({ weight }) => (left -= weight) < 0)?.fault(stage, name, ms)
}

/** All is well again, and everybody runs. */
export function heal(stage: Stage): void {
  const { network, etcd, nodes, world } = stage
  world.tell('----', () => 'all faults are over')
  network.heal()
  if (etcd.record.paused !== undefined) etcd.resume()
  if (etcd.record.onStandby.length > 0) etcd.takeOut([])
  for (const name of names) {
    nodes[name].machine.goOn()
    nodes[name].agent.goOn()
    turnOn(nodes[name])
    // One that is just ending is started when it has.
    for (const ms of [0, 100]) world.after(ms, () => nodes[name].agent.start())
    world.after(50, () => hears({ type: 'fitness', unfit: undefined })(stage, name, 0))
  }
}

function turnOn({ machine, fileserver, agent }: SimulatedNode): void {
  if (machine.isOn) return
  machine.turnOn()
  fileserver.start()
  agent.start()
}
