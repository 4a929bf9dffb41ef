import { isActive } from './audit.ts'
import type { Name, Stage } from './world.ts'

/** What goes wrong, step by step, where chance alone would rarely bring it about. */

/** Nobody is active, both have everything, and the role is handed to a. */
function handedToA({ etcd }: Stage): void {
  etcd.record = {
    revision: 9,
    leader: { node: 'b', nonce: 'before', phase: 'released', handTo: 'a', revision: 9 },
    term: { node: 'b', nonce: 'before', epoch: 5 },
    insync: { nodes: ['a', 'b'], revision: 5 },
    onStandby: [],
  }
}

function once(stage: Stage, isSo: () => boolean, act: () => void): void {
  if (isSo()) act()
  else stage.world.after(0.1, () => once(stage, isSo, act))
}

const isAsking = ({ nodes }: Stage, name: Name) => nodes[name].agent.state?.role.name === 'campaign'

/** Takes the role, and hears of it only much later. */
export function answerIsLate(stage: Stage): void {
  const { world, network } = stage
  handedToA(stage)
  const act = () => (network.heldUntilMs.ea = world.nowMs + world.between(300, 1_200))
  once(stage, () => isAsking(stage, 'a'), act)
}

/** The agent of the active node stands still between two orders, and goes on when the other node is active. */
export function standsStillOverAnOrder(stage: Stage): void {
  const { world, nodes } = stage
  handedToA(stage)
  const consentMs = () => {
    const { role } = nodes.a.agent.state ?? {}
    return role?.name === 'active' ? role.okMs : -Infinity
  }
  world.after(2_500, () => {
    const beforeMs = consentMs()
    once(
      stage,
      () => consentMs() > beforeMs,
      () => nodes.a.agent.freeze(),
    )
  })
  world.after(world.between(4_500, 5_000), () => nodes.a.agent.goOn())
}

/** A virtual machine is stopped with its clock, and goes on when the other node has long been active. */
export function isSuspended(stage: Stage): void {
  const { world, nodes, audit } = stage
  handedToA(stage)
  world.after(world.between(2_300, 2_700), () => nodes.a.machine.stop('suspended'))
  world.after(5_500, () => {
    if (!isActive(nodes.b)) audit.violated('b has not taken over')
    nodes.a.machine.goOn()
  })
  world.after(5_650, () => {
    if (isActive(nodes.a)) audit.violated('a is still active, 150 ms after it went on')
  })
}

/**
 * a has won and does not know; b therefore asks, too, and its question is under way when a finds out, and asks b for a
 * promise, since it does not reach etcd any more.
 */
export const questionIsUnderWay =
  (leastMs: number, mostMs: number) =>
  (stage: Stage): void => {
    const { world, network, nodes } = stage
    handedToA(stage)
    const hearsMs = world.between(1_750, 2_300)
    once(
      stage,
      () => isAsking(stage, 'a'),
      () => (network.heldUntilMs.ea = hearsMs),
    )
    world.after(1, () => nodes.b.agent.freeze())
    world.after(150, () => nodes.b.agent.goOn())
    world.after(1_500, () => (network.heldUntilMs.be = hearsMs + world.between(leastMs, mostMs)))
    world.after(hearsMs - 1, () => (network.cutUntilMs.ae = hearsMs + 4_000))
  }
