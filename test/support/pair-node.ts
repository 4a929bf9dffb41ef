import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PairStatus } from '../../ha/agent/views.ts'
import { askControl } from '../../lib/base/control-socket.ts'
import type { Host } from './pair-network.ts'
import type { Program } from './program.ts'
import { Tampering } from './tampering.ts'

/** A node of a real pair: its settings, its programs, and what tests do to them. */

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

/** What a test may want of its nodes. */
export interface NodeOptions {
  /** Further lines of their settings. */
  settings?: string
  /** Further lines of section pair. */
  pair?: string
  /** Their programs can be stopped at a point of their work. */
  tampered?: boolean
}

/** Nothing of it runs yet. @param folder of the pair, where its keys are */
export function makeNode(
  folder: string,
  host: Host,
  { settings = '', pair = '', tampered = false }: NodeOptions,
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

/** Its keys are those of the node it is taken for. */
export function makeTwin(folder: string, host: Host, name: NodeName): PairNode {
  const own = join(folder, 'twin')
  mkdirSync(own)
  symlinkSync(join(folder, 'keys'), join(own, 'keys'))
  return makeNode(own, { ...host, name }, {})
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
