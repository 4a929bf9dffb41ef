import { isIP } from 'node:net'
import { defaultConfig } from '../../lib/base/config.ts'
import { carried, changed, dropped, type Verdict } from '../../lib/base/import/verdict.ts'
import type { Item } from '../../lib/base/import/report.ts'
import { nodeName, sameNode, type Directive } from './directives.ts'

/** What is known beside ha.cf. */
export interface About {
  /** Addresses of the nodes, which no file of heartbeat has: name -> address. */
  addresses: ReadonlyMap<string, string>
}

type Rule = (words: readonly string[], context: Context) => Verdict

interface Context extends About {
  /** All that the file says for this directive, in order. */
  nodes: readonly string[]
  pinged: readonly string[]
}

/** Its nodes, by our rules for names. */
export const nodesOf = (directives: readonly Directive[]): string[] => {
  const names = valuesOf(directives, 'node').map(nodeName)
  return names.filter((name, at) => names.findIndex((other) => sameNode(other, name)) === at)
}

/** Whether the old pair gave the role back to its default master; undefined: not said, and then it did. */
export function failsBack(directives: readonly Directive[]): boolean | undefined {
  const nice = isOn(valuesOf(directives, 'nice_failback')[0])
  const auto = isOn(valuesOf(directives, 'auto_failback')[0])
  return auto ?? (nice === undefined ? undefined : !nice)
}

/** Puts each directive through its rule. */
export function translateHaCf(
  directives: readonly Directive[],
  about: About,
): { items: Item[]; known: number } {
  const pinged = [...valuesOf(directives, 'ping'), ...valuesOf(directives, 'ping_group', 1)]
  const context = { ...about, nodes: nodesOf(directives), pinged }
  let known = 0
  const items = directives.map(({ words: [key = '', ...words], line }) => {
    const rule = rules.get(key.toLowerCase())
    if (rule !== undefined) known += 1
    const verdict = rule === undefined ? dropped('not a directive we know') : rule(words, context)
    return { key, value: words.join(' '), line, ...verdict }
  })
  return { items, known }
}

/** Words of all directives of that name, behind the first `skipped` of each. */
const valuesOf = (directives: readonly Directive[], name: string, skipped = 0) =>
  directives
    .filter(({ words }) => words[0]?.toLowerCase() === name)
    .flatMap(({ words }) => words.slice(1 + skipped))

function isOn(word: string | undefined): boolean | undefined {
  if (/^(?:on|yes|true|1|y)$/i.test(word ?? '')) return true
  return /^(?:off|no|false|0|n)$/i.test(word ?? '') ? false : undefined
}

const node: Rule = (words, { nodes, addresses }) => {
  if (nodes.length !== 2) return dropped(`a pair has two nodes, not ${nodes.length}`)
  const rows = nodes.map((name) => ({
    name,
    address: [...addresses].find(([other]) => sameNode(name, other))?.[1],
  }))
  const missing = rows.filter(({ address }) => address === undefined).map(({ name }) => name)
  if (missing.length > 0)
    return dropped(
      `heartbeat kept no addresses of nodes; say them: ${missing.map((name) => `--address ${name}=ADDRESS`).join(' ')}`,
    )
  return words.every((word) => nodes.includes(word))
    ? carried({ 'pair.nodes': rows })
    : changed({ 'pair.nodes': rows }, 'names have no domain here')
}

const ping: Rule = (words, { pinged }) => {
  if (!words.every((word) => isIP(word) !== 0))
    return dropped('pair.gateway and pair.pingTargets take addresses, not names')
  const [gateway, ...targets] = pinged
  return carried({
    ...(words.includes(gateway ?? '') ? { 'pair.gateway': gateway } : {}),
    ...(words.some((word) => targets.includes(word)) ? { 'pair.pingTargets': targets } : {}),
  })
}

const pingGroup: Rule = ([, ...words], context) => {
  const { settings, ...verdict } = ping(words, context)
  return verdict.outcome === 'dropped'
    ? { settings, ...verdict }
    : changed(settings, 'each of the group is looked at by itself')
}

const stays = carried(
  { 'pair.failbackMinutes': 0 },
  'whichever is active stays; `ha failover` moves it by hand',
)
/** Long enough that a node which dies again and again does not disturb the phones each time. */
const failbackMinutes = 5
const goesBack = changed(
  { 'pair.failbackMinutes': failbackMinutes },
  `once the preferred node was well for ${failbackMinutes} minutes, as a planned hand-over, no longer at once`,
)

const niceFailback: Rule = ([word]) => {
  const on = isOn(word)
  return on === undefined ? dropped('neither on nor off') : on ? stays : goesBack
}

const autoFailback: Rule = ([word = '']) => {
  if (word.toLowerCase() === 'legacy') return goesBack
  const on = isOn(word)
  return on === undefined ? dropped('neither on, off nor legacy') : on ? goesBack : stays
}

const { pair: ours, pairTiming: timing } = defaultConfig()
const inSeconds = (word = '') => (/^\d+$/.test(word) ? `${word} s` : word)
const because =
  (why: (value: string) => string): Rule =>
  (words) =>
    dropped(why(words.join(' ')))

const carrier = because(
  () =>
    "the agents send to the other node's address in pair.nodes; two ways to it are the network's business",
)
const log = because(() => 'see log.* and the log of the agent')
const fencing = because(
  () => 'not needed: the kernel takes the address from a node that does not renew it, whatever its state',
)
const ownBusiness = because(() => 'of heartbeat itself')

const rules = new Map<string, Rule>(
  Object.entries({
    node,
    ping,
    ping_group: pingGroup,
    nice_failback: niceFailback,
    auto_failback: autoFailback,
    keepalive: because(
      (value) =>
        `one sign of life each ${inSeconds(value)}; here each ${timing.renewMs} ms (pairTiming.renewMs)`,
    ),
    deadtime: because(
      (value) =>
        `dead after ${inSeconds(value)}; here after ${timing.observeMs} ms (pairTiming.observeMs): the settings of pairTiming go together, so change all of them or none`,
    ),
    warntime: because(() => 'single late signs of life are not told of'),
    initdead: because(
      () => `a node that starts watches for ${timing.observeMs} ms (pairTiming.observeMs), not longer`,
    ),
    deadping: because(() => 'how soon an address counts as unreachable is fixed'),
    udpport: because(
      () =>
        `the agents use UDP ${ours.agentPort} (pair.agentPort), the files TCP ${ours.replicaPort} (pair.replicaPort): let both through between the nodes`,
    ),
    bcast: carrier,
    mcast: carrier,
    ucast: carrier,
    serial: carrier,
    baud: carrier,
    hopfudge: carrier,
    logfile: log,
    logfacility: log,
    debugfile: log,
    debug: log,
    use_logd: log,
    stonith: fencing,
    stonith_host: fencing,
    watchdog: because(() => 'systemd watches the agent (WatchdogSec in its unit)'),
    respawn: because((value) =>
      /ipfail/.test(value)
        ? 'built in: a node that cannot reach pair.gateway and pair.pingTargets yields to one that can'
        : 'let systemd run it',
    ),
    apiauth: ownBusiness,
    crm: ownBusiness,
    coredumps: ownBusiness,
    realtime: ownBusiness,
    rtprio: ownBusiness,
    compression: ownBusiness,
    compression_threshold: ownBusiness,
    conn_logd_time: ownBusiness,
    msgfmt: ownBusiness,
    traditional_compression: ownBusiness,
    uuidfrom: ownBusiness,
  }),
)
