import { hostname } from 'node:os'
import type { Config } from '../config.ts'
import { timingOf, unsafeTimings } from './pair-timing.ts'

/** A setting, what is wrong with it, and what to do. */
type Contradiction = readonly [setting: string, problem: string, fix: string]

/** What the settings of a pair must say together; nothing when this node is alone. */
export function* pairContradictions({
  node,
  pair,
  pairEtcd,
  pairHooks,
  pairTiming,
}: Config): Iterable<Contradiction> {
  if (!pair.enabled) return
  const [first, second] = pair.nodes
  const name = node.name || hostname()
  if (first === undefined || second === undefined)
    yield ['pair.nodes', `names ${pair.nodes.length} nodes`, 'a pair has two; `ha init` writes the settings']
  else if (first.name === second.name || first.address === second.address)
    yield ['pair.nodes', 'both have one name or address', 'give each its own']
  else if (first.name !== name && second.name !== name)
    yield ['pair.nodes', `this node, ${name}, is not among them`, 'set node.name to one of them']
  for (const address of pair.vip) {
    if (pair.nodes.some((each) => each.address === address))
      yield ['pair.vip', `${address} is the address of a node`, "the floating address must be nobody else's"]
  }
  if (pair.vip.length === 0) yield ['pair.vip', 'is empty', 'name the address that phones are given']
  if (pair.interface === '' && pairHooks.vip === '')
    yield ['pair.interface', 'is empty', 'name the one that gets the floating address, such as eth0']
  if (pairEtcd.endpoints.length === 0)
    yield ['pairEtcd.endpoints', 'is empty', 'name the etcd members, three of them']
  if (pair.preferred !== '' && !pair.nodes.some((each) => each.name === pair.preferred))
    yield [
      'pair.preferred',
      `${pair.preferred} is no node of pair.nodes`,
      'name one of them, or leave it empty',
    ]
  for (const problem of unsafeTimings(timingOf(pairTiming)))
    yield ['pairTiming', problem, 'change one of the two, or leave the defaults']
}
