import { isRoot } from '../../lib/base/process.ts'
import {
  ipBatch,
  labPrefix,
  removeLeftovers,
  removeNamespace,
  runInside,
  startInside,
  type Owner,
} from './namespace.ts'
import { faults, type Faults } from './network-faults.ts'
import type { Program } from './program.ts'
import { withProgram } from './programs.ts'

/**
 * The network of a pair in namespaces: nodes a and b, witness w, client c, and a gateway g if asked for, each with an
 * `eth0` on one switch. Faults are rules of the switch, so that the hosts' own rules stay theirs.
 */

export type HostName = 'a' | 'b' | 'w' | 'c' | 'g'

const numbers: Record<HostName, number> = { a: 1, b: 2, w: 3, c: 9, g: 254 }
const everyHost: readonly HostName[] = ['a', 'b', 'w', 'c', 'g']

type Command = readonly [string, ...string[]]

export interface Host {
  name: HostName
  /** Of `ip netns`. */
  namespace: string
  /** 10.77.0.x of a /24 and fd77::x of a /64, on `eth0`. */
  address: string
  address6: string
  /** Starts a program in it; `child.pid` is its own pid. Killed when the test ends. */
  start(command: Command, env?: Record<string, string>): Program
  /** The same, for a program in Node. */
  startNode(args: readonly string[], env?: Record<string, string>): Program
  /** Runs a program to its end. @returns its standard output. @throws when it fails or takes too long */
  run(command: Command, timeoutMs?: number): Promise<string>
  /** Whether an echo comes back from there within half a second. */
  reaches(address: string): Promise<boolean>
}

export interface PairNetwork extends Faults {
  host: (name: HostName) => Host
  hosts: readonly Host[]
  /** Ends all that runs in it, and removes it. A test does this by itself when it ends. */
  remove: () => Promise<void>
}

/** Options of a test that uses the network. */
export const withPairNetwork: { skip: string | false } = {
  skip:
    ['ip', 'nft', 'tc', 'sysctl', 'setpriv', 'ping']
      .map((name) => withProgram(name).skip)
      .find((skip) => skip !== false) ?? (isRoot() ? false : 'needs root to make network namespaces'),
}

export async function openPairNetwork(
  owner: Owner,
  { gateway = false }: { gateway?: boolean } = {},
): Promise<PairNetwork> {
  await removeLeftovers()
  const prefix = labPrefix()
  const names = everyHost.filter((name) => gateway || name !== 'g')
  const switchNamespace = `${prefix}s`
  const all = [switchNamespace, ...names.map((name) => prefix + name)]
  const remove = async () => {
    for (const namespace of all) await removeNamespace(namespace)
  }
  owner.after(remove)
  await ipBatch(
    undefined,
    all.map((namespace) => `netns add ${namespace}`),
  )
  await layCables(switchNamespace, prefix, names)
  const hosts = names.map((name) => makeHost(name, prefix + name))
  const host = (name: HostName): Host => {
    const found = hosts.find((each) => each.name === name)
    if (found === undefined) throw new Error(`the network has no ${name}`)
    return found
  }
  return { host, hosts, remove, ...faults(switchNamespace, host, names) }
}

async function layCables(switchNamespace: string, prefix: string, names: readonly HostName[]): Promise<void> {
  // Otherwise an IPv6 address is usable only after 1.6 s, link-local ones, too.
  const quick = [
    'sysctl',
    '-qw',
    'net.ipv6.conf.default.accept_dad=0',
    'net.ipv6.conf.all.accept_dad=0',
  ] as const
  for (const name of names) await runInside(prefix + name, quick)
  // Without snooping, neighbour discovery reaches everybody at once.
  await ipBatch(switchNamespace, [
    'link add lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    'link set lan up',
    ...names.flatMap((name) => [
      `link add name ${name} type veth peer name eth0 netns ${prefix}${name}`,
      `link set dev ${name} master lan up`,
    ]),
  ])
  for (const name of names) {
    await ipBatch(prefix + name, [
      'link set lo up',
      'link set eth0 up',
      `address add 10.77.0.${numbers[name]}/24 dev eth0`,
      `address add fd77::${numbers[name]}/64 dev eth0 nodad`,
      ...(names.includes('g') && name !== 'g' ? [`route add default via 10.77.0.${numbers.g}`] : []),
    ])
  }
}

function makeHost(name: HostName, namespace: string): Host {
  const start: Host['start'] = (command, env) => startInside(namespace, command, env)
  const run: Host['run'] = (command, timeoutMs) => runInside(namespace, command, timeoutMs)
  return {
    name,
    namespace,
    address: `10.77.0.${numbers[name]}`,
    address6: `fd77::${numbers[name]}`,
    start,
    run,
    startNode: (args, env) => start([process.execPath, ...args], env),
    reaches: (address) =>
      run(['ping', '-n', '-c', '1', '-W', '0.5', address]).then(
        () => true,
        () => false,
      ),
  }
}
