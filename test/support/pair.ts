import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { makePair } from '../../ha/keys/make.ts'
import type { PairStatus } from '../../ha/agent/views.ts'
import type { ReplicaStatus } from '../../ha/replica/role.ts'
import { startEtcd, withEtcd, type EtcdCluster } from './etcd-cluster.ts'
import type { Owner } from './namespace.ts'
import { openPairNetwork, withPairNetwork, type Host, type PairNetwork } from './pair-network.ts'
import { makeNode, makeTwin, vip, type NodeName, type NodeOptions, type PairNode } from './pair-node.ts'
import type { Program } from './program.ts'
import { withProgram } from './programs.ts'
import { until } from './until.ts'

/** A real pair in network namespaces: two nodes with file server and agent, three etcd members, a client. */

export interface Pair {
  network: PairNetwork
  etcd: EtcdCluster
  a: PairNode
  b: PairNode
  client: Host
  /** The floating one. */
  address: string
  node(name: NodeName): PairNode
  otherOf(name: NodeName): PairNode
  /** The node that is active, once there is one that both agree on. */
  active(): Promise<PairNode>
  /** Whatever an earlier row left behind: faults of the network are healed, what is dead runs again. */
  mend(): Promise<void>
  /** Another machine of that name, on the witness; nothing of it runs yet. */
  twinOf(node: PairNode): PairNode
  /** Resolves once that node is the active one, by its own word. */
  becomesActive(node: PairNode): Promise<void>
  /** Resolves once one is active, and both have everything. */
  settled(withinMs?: number): Promise<PairNode>
}

export interface PairOptions extends NodeOptions {
  /** Their data lie on disks of that size. */
  dataMb?: number
  gateway?: boolean
  /** Starts neither agents nor file servers. */
  idle?: boolean
}

/** Options of a test with a pair: skipped, with the reason, only where it cannot be made. */
export const withPair: { skip: string | false } = {
  skip:
    [withPairNetwork.skip, withEtcd.skip, withProgram('arping').skip].find((skip) => skip !== false) ?? false,
}

export async function startPair(owner: Owner, options: PairOptions = {}): Promise<Pair> {
  const network = await openPairNetwork(owner, { gateway: options.gateway ?? false })
  const [hostA, hostB] = [network.host('a'), network.host('b')]
  const etcd = await startEtcd(owner, { hosts: [hostA, hostB, network.host('w')] })
  const folder = await mkdtemp(join(tmpdir(), 'twintone-pair-'))
  if (options.dataMb !== undefined) await mountData(owner, folder, options.dataMb)
  owner.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const nodes = [hostA, hostB].map((host) => ({ name: host.name, address: host.address }))
  await makePair(join(folder, 'keys'), { cluster: 'test', nodes, days: 30 })
  const [a, b] = [hostA, hostB].map((host) => makeNode(folder, host, options))
  if (a === undefined || b === undefined) throw new Error('a pair has two nodes')
  const mend = async () => {
    await network.healAll()
    await Promise.all(etcd.members.map((member) => member.restart()))
    for (const member of etcd.members) member.thaw()
    await etcd.etcdctl(['del', '/ha/test/pause'])
    await etcd.etcdctl(['del', '--prefix', '/ha/test/standby/'])
    for (const node of [a, b]) {
      node.thaw()
      if (hasEnded(node.fileserver)) node.startFileserver()
      if (hasEnded(node.agent)) node.startAgent()
    }
  }
  const twinOf = ({ name }: PairNode) => makeTwin(folder, network.host('w'), name)
  const client = network.host('c')
  const pair = { network, etcd, a, b, client, address: vip, mend, twinOf, ...pairTools(a, b) }
  if (options.idle === true) return pair
  for (const node of [a, b]) {
    node.startFileserver()
    node.startAgent()
  }
  await pair.settled(30_000)
  return pair
}

const isWhole = ({ insync, nodes }: PairStatus) =>
  insync.length === 2 && nodes.every(({ seenMs, complete }) => seenMs !== undefined && complete)

/** The set of nodes that have everything is etcd's, and outlives a file server that was killed: its own word counts. */
const stores = (active: PairNode): Promise<boolean> =>
  active
    .ask<{ replica: ReplicaStatus }>('fileserver', '/pair')
    .then(({ replica }) => replica.mode === 'active' && replica.other.synced)
    .catch(() => false)

const hasEnded = ({ child }: Program) => child.exitCode !== null || child.signalCode !== null

function pairTools(
  a: PairNode,
  b: PairNode,
): Pick<Pair, 'node' | 'otherOf' | 'active' | 'becomesActive' | 'settled'> {
  const node = (name: NodeName) => (name === 'a' ? a : b)
  const active = async (withinMs: number, inSync: boolean) => {
    let last: unknown
    try {
      return await until(async () => {
        const [first, second] = await Promise.all([a, b].map((each) => each.status().catch(() => undefined)))
        last = { first, second }
        const seen = first ?? second
        if (seen?.active === undefined || (first && second && first.active !== second.active))
          return undefined
        const found = node(seen.active as NodeName)
        return !inSync || (isWhole(seen) && (await stores(found))) ? found : undefined
      }, withinMs)
    } catch (cause) {
      const printed = [a, b].flatMap(({ agent, fileserver }) => [agent?.output(), fileserver?.output()])
      throw new Error(`the pair did not settle: ${JSON.stringify(last)}\n${printed.join('\n')}`, { cause })
    }
  }
  return {
    node,
    otherOf: (name) => (name === 'a' ? b : a),
    active: () => active(10_000, false),
    async becomesActive(taker) {
      const isActive = async () =>
        (await taker.status().catch(() => undefined))?.active === taker.name ? true : undefined
      await until(isActive, 15_000)
    },
    settled: (withinMs = 15_000) => active(withinMs, true),
  }
}

async function mountData(owner: Owner, folder: string, megabytes: number): Promise<void> {
  for (const name of ['a', 'b']) {
    const data = join(folder, name, 'data')
    mkdirSync(data, { recursive: true })
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', data])
    owner.after(async () => void (await execa('umount', ['--lazy', data])))
  }
}
