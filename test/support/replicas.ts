import type { TestContext } from 'node:test'
import type { AgentAnswer } from '../../ha/replica/agent-question.ts'
import { Gate } from '../../ha/replica/gate.ts'
import { Replica, type ReplicaRules } from '../../ha/replica/replica.ts'
import type { ReplicaKeys } from '../../ha/replica/sender.ts'
import { Alarms } from '../../lib/base/alarms.ts'
import { issueCertificate, makeAuthority } from '../../lib/base/authority.ts'
import { systemClock } from '../../lib/base/clock.ts'
import type { OnStep } from '../../lib/users/store/steps.ts'
import { UserStore, type UserStoreSettings } from '../../lib/users/store/user-store.ts'
import { temporaryFolder } from './folder.ts'
import { freePort } from './program.ts'
import { recordingLog, type RecordingLog } from './recording-log.ts'
import { startTcpRelay, type TcpRelay } from './tcp-relay.ts'
import { until } from './until.ts'

type Name = 'node-a' | 'node-b'

/** The agents of both nodes, and the set that etcd would keep. */
export class FakeAgents {
  insync: string[] = ['node-a', 'node-b']
  active: Name = 'node-a'
  epoch = 10
  /** What the next questions are answered with instead, and whether they happen nevertheless. */
  answers: { status: number; happens: boolean }[] = []
  readonly asked: string[] = []

  async ask(from: string, { op, node }: { op: 'add' | 'remove'; node: string }): Promise<AgentAnswer> {
    this.asked.push(`${from} ${op} ${node}`)
    const planned = this.answers.shift()
    if (from !== this.active) return { status: 409 }
    if (planned?.happens !== false)
      this.insync = [...this.insync.filter((name) => name !== node), ...(op === 'add' ? [node] : [])]
    return { status: planned?.status ?? 200 }
  }
}

export interface TestNode {
  name: Name
  folder: string
  store: UserStore
  replica: Replica
  gate: Gate
  alarms: Alarms
  recorded: RecordingLog
  /** What the store calls at each step. */
  steps: { on: OnStep }
  listensAt: { address: string; port: number }
  start: () => Promise<void>
  stop: () => Promise<void>
}

export interface TestPair {
  a: TestNode
  b: TestNode
  agents: FakeAgents
  /** By which a node reaches the other one, where that was asked for. */
  relay: TcpRelay
  /** Says to both which is active, as agents do with each renewal. */
  tell: () => void
  /** That one becomes active, with a new epoch, and alone has everything. */
  takeOver: (name: Name) => void
  /** A new process for the node's data, in place of the one before; started. */
  restart: (name: Name) => Promise<TestNode>
}

export interface PairOptions {
  pair?: Partial<ReplicaRules>
  store?: Partial<UserStoreSettings>
  a?: NodeOptions
  b?: NodeOptions
}

interface NodeOptions {
  folder?: string
  /** It reaches the other node by way of a relay. */
  relayed?: boolean
  keys?: Partial<ReplicaKeys>
}

const addresses: Record<Name, string> = { 'node-a': '127.0.7.1', 'node-b': '127.0.7.2' }
const authority = makeAuthority({ name: 'pair', days: 2 })
const issued = new Map<string, Promise<ReplicaKeys>>()

/** What a node of that name proves itself with; `stranger` is of the same authority, and neither of both. */
export function keysFor(name: Name | 'stranger'): Promise<ReplicaKeys> {
  const keys = issued.get(name) ?? issue(name)
  issued.set(name, keys)
  return keys
}

async function issue(name: string): Promise<ReplicaKeys> {
  const { certificate } = await authority
  const own = await issueCertificate(await authority, { name, addresses: [], days: 2 })
  return { uuid: '11111111-2222-3333-4444-555555555555', authority: certificate, ...own }
}

/** Two stores in one process with a replica each, over real TLS on loopback. Not started. */
export async function makeReplicas(t: TestContext, options: PairOptions = {}): Promise<TestPair> {
  const agents = new FakeAgents()
  const port = await freePort()
  const relay = await startTcpRelay(t, `${addresses['node-a']}:${port}`, port)
  const shared = { t, agents, port, options, relay }
  const a = await makeNode('node-a', options.a ?? {}, shared)
  const b = await makeNode('node-b', options.b ?? {}, shared)
  const nodes: Record<Name, TestNode> = { 'node-a': a, 'node-b': b }
  const tell = () => Object.values(nodes).forEach((node) => tellRole(node, agents))
  return {
    a,
    b,
    agents,
    relay,
    tell,
    takeOver(name) {
      agents.active = name
      agents.epoch += 1
      agents.insync = [name]
      tell()
    },
    async restart(name) {
      await nodes[name].stop()
      const own = name === 'node-a' ? options.a : options.b
      const again = await makeNode(name, { ...own, folder: nodes[name].folder }, shared)
      await again.start()
      nodes[name] = again
      tell()
      return again
    },
  }
}

function tellRole({ name, replica }: TestNode, { insync, epoch, active }: FakeAgents): void {
  if (name !== active) replica.setRole({ role: 'standby', epoch, active, insync })
  else
    replica.setRole({
      role: 'active',
      epoch,
      insync,
      draining: false,
      untilMs: systemClock.now() + 5_000,
    })
}

/** Started, with `a` active and `b` following; both hear of it until the test ends. */
export async function startReplicas(t: TestContext, options: PairOptions = {}): Promise<TestPair> {
  const pair = await makeReplicas(t, options)
  await pair.a.start()
  await pair.b.start()
  pair.tell()
  const timer = setInterval(pair.tell, 250)
  t.after(() => clearInterval(timer))
  await untilSynced(pair.a)
  return pair
}

export const untilSynced = ({ replica }: TestNode): Promise<true> =>
  until(() => (replica.view().synced ? true : undefined), 20_000)

interface Shared {
  t: TestContext
  agents: FakeAgents
  port: number
  relay: TcpRelay
  options: PairOptions
}

async function makeNode(
  name: Name,
  { folder: given, relayed = false, keys }: NodeOptions,
  { t, agents, port, relay, options }: Shared,
): Promise<TestNode> {
  const folder = given ?? (await temporaryFolder(t))
  const recorded = recordingLog()
  const [clock, log] = [systemClock, recorded.log]
  const alarms = new Alarms({ clock, log })
  const gate = new Gate(clock)
  const steps: TestNode['steps'] = { on: () => {} }
  const limits = { maxBytes: 1_048_576, versions: 10, binDays: 90, shrinkPercent: 50 }
  const store = new UserStore(
    { ...limits, ...options.store, dataFolder: folder },
    { clock, log, alarms, gate, onStep: (step) => steps.on(step) },
  )
  const [host = ''] = relay.endpoint.split(':')
  const pair: ReplicaRules = {
    nodes: Object.entries(addresses).map(([each, address]) => ({
      name: each,
      address: relayed && each !== name ? host : address,
    })),
    replicaPort: port,
    durability: 'available',
    replicateMs: 10_000,
    mirrorMbitPerSecond: 0,
    ...options.pair,
  }
  const replica = new Replica(
    { pair, node: name, keys: { ...(await keysFor(name)), ...keys } },
    { store, gate, clock, log, alarms, askAgent: (_path, body) => agents.ask(name, body) },
  )
  const stop = async () => {
    await replica.stop()
    await store.stop(AbortSignal.timeout(20_000))
  }
  t.after(stop)
  const start = async () => {
    await store.start(fail)
    await replica.start(fail)
  }
  const listensAt = { address: addresses[name], port }
  return { name, folder, store, replica, gate, alarms, recorded, steps, listensAt, start, stop }
}

function fail(reason: unknown): never {
  throw reason
}
