import { BlockList, isIP, isIPv6 } from 'node:net'
import { UsageError, type OptionValues } from '../../lib/base/command.ts'
import type { Member } from '../keys/make.ts'
import { assignmentIn, wordsIn } from './options.ts'
import { wordIn } from './words.ts'

/** A pair as an administrator describes it in words. */
export interface PairPlan {
  cluster: string
  nodes: readonly [Member, Member]
  vip: readonly string[]
  interface: string
  etcd: readonly string[]
  /** What to think of; nothing is wrong. */
  notes: readonly string[]
}

/** @throws UsageError for what makes no sense */
export function planOf(options: OptionValues): PairPlan {
  const cluster = checkedName('--cluster', wordIn(options, 'cluster') ?? '')
  const nodes = bothNodes(membersIn(options))
  const vip = wordsIn(options, 'vip')
  const network = wordIn(options, 'interface') ?? ''
  const etcd = wordsIn(options, 'etcd')
  checkVip(vip, nodes, wordIn(options, 'network'))
  if (network.length > 15) throw new UsageError(`--interface ${network}: Linux allows 15 characters`)
  const wrong = etcd.find((endpoint) => !/^\S+:\d{1,5}$/.test(endpoint))
  if (wrong !== undefined) throw new UsageError(`--etcd ${wrong}: write HOST:PORT, such as 10.0.0.1:2379`)
  return { cluster, nodes, vip, interface: network, etcd, notes: notesOn(vip, nodes, network, etcd) }
}

/** The nodes that are named; for a renewal, none has to be. @throws UsageError */
export const membersIn = (options: OptionValues): Member[] =>
  wordsIn(options, 'node').map((text) => {
    const { name = '', value: address = '' } = assignmentIn(text) ?? {}
    if (isIP(address) === 0) throw new UsageError(`--node ${text}: write NAME=ADDRESS, such as A=10.0.0.1`)
    checkedAddress('--node', address)
    return { name: checkedName('--node', name), address }
  })

function checkedName(option: string, name: string): string {
  if (/^[\w-]{1,63}$/.test(name)) return name
  throw new UsageError(`${option}: a name has letters, digits, _ and -, 63 at most, not "${name}"`)
}

/** Addresses that no node can have: unspecified, multicast, broadcast. */
function checkedAddress(option: string, address: string): void {
  const none = new BlockList()
  none.addSubnet('0.0.0.0', 8)
  none.addSubnet('224.0.0.0', 3)
  none.addAddress('::', 'ipv6')
  none.addSubnet('ff00::', 8, 'ipv6')
  if (none.check(address, familyOf(address)))
    throw new UsageError(`${option}: ${address} is no address that a machine can have`)
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')

function bothNodes(members: readonly Member[]): [Member, Member] {
  const [one, other, ...more] = members
  if (one === undefined || other === undefined || more.length > 0)
    throw new UsageError('name both nodes: --node A=10.0.0.1 --node B=10.0.0.2')
  // In certificates the case of a name does not count.
  if (one.name.toLowerCase() === other.name.toLowerCase())
    throw new UsageError(`--node: both are called ${one.name}; their names are how they know each other`)
  if (one.address === other.address) throw new UsageError(`--node: both have the address ${one.address}`)
  if (familyOf(one.address) !== familyOf(other.address))
    throw new UsageError('--node: one has an IPv4, the other an IPv6 address; give both the same kind')
  return [one, other]
}

function checkVip(vip: readonly string[], nodes: readonly Member[], network: string | undefined): void {
  if (vip.length === 0) throw new UsageError('name the floating address: --vip 10.0.0.50')
  for (const address of vip) {
    if (isIP(address) === 0) throw new UsageError(`--vip ${address}: not an address`)
    checkedAddress('--vip', address)
    const owner = nodes.find((node) => node.address === address)
    if (owner !== undefined)
      throw new UsageError(`--vip ${address}: that is the address of ${owner.name}; it must be a free one`)
  }
  if (new Set(vip).size < vip.length) throw new UsageError('--vip: an address is given twice')
  const all = [...nodes.map(({ address }) => address), ...vip]
  for (const family of ['ipv4', 'ipv6'] as const)
    checkNetwork(
      all.filter((address) => familyOf(address) === family),
      network,
    )
}

/** A floating address moves by announcements in one network: all must be in it. */
function checkNetwork(addresses: readonly string[], network: string | undefined): void {
  const [first] = addresses
  if (first === undefined) return
  const family = familyOf(first)
  const given = network !== undefined && network.includes(':') === (family === 'ipv6') ? network : undefined
  const [base = first, bits = family === 'ipv4' ? '24' : '64'] = given?.split('/') ?? []
  const inside = new BlockList()
  try {
    inside.addSubnet(base, Number(bits), family)
  } catch (cause) {
    throw new UsageError(`--network ${network}: write it as 10.0.0.0/24`, { cause })
  }
  const outside = addresses.find((address) => !inside.check(address, family))
  if (outside !== undefined)
    throw new UsageError(
      given === undefined
        ? `${outside} and ${first} are not in one network of /${bits}; if yours is larger, name it: --network 10.0.0.0/16`
        : `${outside} is not in the network ${given}`,
    )
}

function notesOn(
  vip: readonly string[],
  nodes: readonly Member[],
  network: string,
  etcd: readonly string[],
): string[] {
  const notes: string[] = []
  if (network === '')
    notes.push('no --interface: set pair.interface, unless a program of yours moves the floating address')
  if (etcd.length === 0) notes.push('no --etcd: set pairEtcd.endpoints before the agents start')
  else if (etcd.length !== 3)
    notes.push(
      `etcd has ${etcd.length} ${etcd.length === 1 ? 'member' : 'members'} here; with three, one on each node and one elsewhere, the pair survives the loss of any`,
    )
  const families = new Set(nodes.map(({ address }) => familyOf(address)))
  if (vip.some((address) => !families.has(familyOf(address))))
    notes.push('a floating address is of another kind than those of the nodes: its network was not compared')
  return notes
}
