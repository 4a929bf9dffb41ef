import { ipBatch, runInside } from './namespace.ts'
import type { Host, HostName } from './pair-network.ts'

/** Takes one fault back; harmless when it is no longer there. */
export type Heal = () => Promise<void>

/** What can go wrong on the network of a pair. */
export interface Faults {
  /** Nothing passes between the two, or nothing with one of these TCP and UDP ports at either end. */
  cut(one: HostName, other: HostName, ports?: readonly number[]): Promise<Heal>
  /** Nothing passes from the one to the other; the way back stays. Ports as above. */
  cutOneWay(from: HostName, to: HostName, ports?: readonly number[]): Promise<Heal>
  /** Nothing passes to or from the host. Its own carrier stays. */
  isolate(host: HostName): Promise<Heal>
  /** What else the switch shall do: lines of an nft chain in the bridge family; ports are named after their host. */
  rules(...lines: string[]): Promise<Heal>
  /** Loses that many of a hundred packets (1 to 99), to and from the host each. */
  loss(host: HostName, percent: number): Promise<Heal>
  /** The cable is pulled: the host sees its carrier go. */
  linkDown(host: HostName): Promise<void>
  linkUp(host: HostName): Promise<void>
  /** Bandwidth to and from the host each. */
  limitMbit(host: HostName, mbit: number): Promise<void>
  /** No fault is left. */
  healAll(): Promise<void>
}

/** @param switchNamespace where each host has a port of its name */
export function faults(
  switchNamespace: string,
  host: (name: HostName) => Host,
  names: readonly HostName[],
): Faults {
  const standing = new Set<readonly string[]>()
  const limited = new Set<HostName>()
  /** One after the other, so that the newest table is the last. */
  let writing = Promise.resolve()
  const write = () => {
    const done = writing.then(() => writeTable(switchNamespace, [...standing].flat()))
    writing = done.catch(() => {})
    return done
  }
  const rules = async (...lines: string[]): Promise<Heal> => {
    standing.add(lines)
    await write()
    return async () => {
      if (standing.delete(lines)) await write()
    }
  }
  const plug = (name: HostName, state: 'up' | 'down') =>
    ipBatch(switchNamespace, [`link set dev ${host(name).name} ${state}`])
  const unlimit = async (name: HostName) => {
    if (!limited.delete(name)) return
    await runInside(switchNamespace, ['tc', 'qdisc', 'del', 'dev', name, 'root'])
    await host(name).run(['tc', 'qdisc', 'del', 'dev', 'eth0', 'root'])
  }
  return {
    rules,
    cutOneWay: (from, to, ports) => rules(...drop(from, to, ports)),
    cut: (one, other, ports) => rules(...drop(one, other, ports), ...drop(other, one, ports)),
    isolate: (name) => rules(`iifname "${name}" drop`, `oifname "${name}" drop`),
    loss: (name, percent) =>
      rules(
        ...['iifname', 'oifname'].map((way) => `${way} "${name}" numgen random mod 100 < ${percent} drop`),
      ),
    linkDown: (name) => plug(name, 'down'),
    linkUp: (name) => plug(name, 'up'),
    async limitMbit(name, mbit) {
      await unlimit(name)
      limited.add(name)
      const limit = ['root', 'tbf', 'rate', `${mbit}mbit`, 'burst', '16kb', 'latency', '200ms']
      await runInside(switchNamespace, ['tc', 'qdisc', 'add', 'dev', name, ...limit])
      await host(name).run(['tc', 'qdisc', 'add', 'dev', 'eth0', ...limit])
    },
    async healAll() {
      standing.clear()
      await write()
      for (const name of names) await plug(name, 'up')
      for (const name of limited) await unlimit(name)
    },
  }
}

function drop(from: HostName, to: HostName, ports: readonly number[] = []): string[] {
  const way = `iifname "${from}" oifname "${to}"`
  if (ports.length === 0) return [`${way} drop`]
  return ['sport', 'dport'].map(
    (end) => `${way} meta l4proto { tcp, udp } th ${end} { ${ports.join(', ')} } drop`,
  )
}

/** Replaces all rules in one step. A chain must not be called fwd: nft takes it for a keyword. */
async function writeTable(switchNamespace: string, lines: readonly string[]): Promise<void> {
  const table = [
    'add table bridge faults',
    'delete table bridge faults',
    'table bridge faults {',
    'chain drops {',
    'type filter hook forward priority 0; policy accept;',
    ...lines,
    '}',
    '}',
  ]
  await runInside(switchNamespace, ['nft', table.join('\n')])
}
