import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { makePair } from '../../ha/keys/make.ts'
import type { PairStatus } from '../../ha/agent/views.ts'
import { askControl } from '../../lib/base/control-socket.ts'
import { startEtcd, withEtcd, type EtcdCluster } from './etcd-cluster.ts'
import type { Owner } from './namespace.ts'
import { openPairNetwork, withPairNetwork, type Host, type PairNetwork } from './pair-network.ts'
import type { Program } from './program.ts'
import { withProgram } from './programs.ts'
import { Tampering } from './tampering.ts'
import { until } from './until.ts'

/** A real pair in network namespaces: two nodes with file server and agent, three etcd members, a client. */

export const vip = '10.77.0.50'
/** As in the units of systemd: programs that are started often are compiled once. */
const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), 'twintone-test-compiled') }
const project = new URL('../../', import.meta.url).pathname

export type NodeName = 'a' | 'b'

export interface PairNode {
  name: NodeName
  host: Host
  folder: string
  data: string
  config: string
  agent: Program
  fileserver: Program
  /** Where `tampered` was asked for. */
  tampering: Tampering | undefined
  /** What its agent says. @throws when it does not answer */
  status(): Promise<PairStatus>
  /** Asks its file server or agent over the control socket. */
  ask<Answer>(
    program: 'agent' | 'fileserver',
    url: string,
    method?: 'GET' | 'POST' | 'DELETE',
    body?: unknown,
  ): Promise<Answer>
  /** `ha` with these words, on that node. @returns what it printed, and its exit code */
  ha(...words: string[]): Promise<{ code: number; output: string }>
  startAgent(): void
  /** @param overrides of its settings, as SETTING=VALUE */
  startFileserver(overrides?: readonly string[]): void
  /** SIGKILL, without the hook that cleans up after it. */
  killAgent(): Promise<void>
  /** What systemd runs after an agent that has ended. */
  clear(): Promise<void>
  freeze(): void
  thaw(): void
}

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

export interface PairOptions {
  /** Further lines of both nodes' settings. */
  settings?: string
  /** Further lines of section pair. */
  pair?: string
  /** Their data lie on disks of that size. */
  dataMb?: number
  gateway?: boolean
  /** Starts neither agents nor file servers. */
  idle?: boolean
  /** Their programs can be stopped at a point of their work. */
  tampered?: boolean
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
        if (inSync && !isWhole(seen)) return undefined
        return node(seen.active as NodeName)
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

/** Its keys are those of the node it is taken for. */
function makeTwin(folder: string, host: Host, name: NodeName): PairNode {
  const own = join(folder, 'twin')
  mkdirSync(own)
  symlinkSync(join(folder, 'keys'), join(own, 'keys'))
  return makeNode(own, { ...host, name }, {})
}

function makeNode(
  folder: string,
  host: Host,
  { settings = '', pair = '', tampered = false }: PairOptions,
): PairNode {
  const name = host.name as NodeName
  const own = join(folder, name)
  mkdirSync(join(own, 'data', 'HTTPdata'), { recursive: true })
  writeFileSync(join(own, 'data', 'HTTPdata', '46xxsettings.txt'), 'SET SNTPSRVR "10.77.0.254"\n')
  // Phones know one certificate, whichever node answers.
  for (const kind of ['pem', 'key'])
    copyFileSync(join(folder, 'keys', 'a', `node.${kind}`), join(own, `door.${kind}`))
  const config = join(own, 'twintone.toml')
  writeFileSync(config, settingsOf(name, own, join(folder, 'keys', name), { settings, pair }))
  const tampering = tampered ? new Tampering(join(own, 'tampering')) : undefined
  const env = { ...compiled, ...tampering?.env }
  const run = join(own, 'run')
  const socket = (program: string) => join(run, `${program}.sock`)
  const node: PairNode = {
    name,
    host,
    folder: own,
    data: join(own, 'data'),
    config,
    agent: undefined as unknown as Program,
    fileserver: undefined as unknown as Program,
    tampering,
    status: () => askControl<PairStatus>(socket('agent'), '/status', { timeoutMs: 1_000 }),
    ask: (program, url, method = 'GET', body) =>
      askControl(socket(program), url, { method, body, timeoutMs: 10_000 }),
    async ha(...words) {
      const program = host.startNode([join(project, 'cmd/ha.ts'), ...words, '--config', config], compiled)
      const code = await program.ended
      return { code: code ?? -1, output: program.output() }
    },
    startAgent() {
      node.agent = host.startNode([join(project, 'cmd/ha.ts'), 'agent', '--config', config], env)
    },
    startFileserver(overrides = []) {
      const more = overrides.flatMap((each) => ['--set', each])
      node.fileserver = host.startNode([join(project, 'cmd/fileserver.ts'), '--config', config, ...more], env)
    },
    async killAgent() {
      node.agent.child.kill('SIGKILL')
      await node.agent.ended
    },
    async clear() {
      await node.ha('clear')
    },
    freeze: () => void node.agent.child.kill('SIGSTOP'),
    thaw: () => void node.agent.child.kill('SIGCONT'),
  }
  return node
}

const settingsOf = (name: string, own: string, keys: string, more: { settings: string; pair: string }) => `
[node]
name = "${name}"
[run]
folder = "${own}/run"
[data]
folder = "${own}/data"
[log]
file = "${own}/fileserver.log"
stdout = false
detailed = false
[http]
ports = [80]
[https]
enabled = false
certificate = "${own}/door.pem"
key = "${own}/door.key"
[tftp]
port = 69
[ftp]
port = 21
dataPort = 0
implicitTlsPorts = []
[status]
enabled = false
[userData]
http = "open"
credentialsFile = "${own}/credentials"
[pair]
enabled = true
cluster = "test"
folder = "${keys}"
nodes = [{ name = "a", address = "10.77.0.1" }, { name = "b", address = "10.77.0.2" }]
vip = ["${vip}"]
interface = "eth0"
logFile = "${own}/agent.log"
healthPort = 0
mirrorSeconds = 1
${more.pair}
[pairEtcd]
endpoints = [${name === 'a' ? '"10.77.0.1:2379", "10.77.0.2:2379"' : '"10.77.0.2:2379", "10.77.0.1:2379"'}, "10.77.0.3:2379"]
${more.settings}`
