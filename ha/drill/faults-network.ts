import { runHook } from '../../lib/base/run-hook.ts'
import type { Act } from './acts.ts'
import type { Fault, Here } from './scenarios.ts'

/** The link goes down; with it go routes and addresses of IPv6, which have to be put back. */
export async function linkDown({ config: { pair } }: Here): Promise<Fault> {
  const { interface: name, vip } = pair
  if (name === '') throw new Error('pair.interface does not say which interface it is')
  const routes = await Promise.all(
    ['-4', '-6'].map(async (family) => {
      const found = parseRows<Route>(await ip('-j', family, 'route', 'show', 'table', 'main', 'dev', name))
      return found.map((route) => ({ ...route, family }))
    }),
  )
  const addresses = parseRows<Link>(await ip('-j', '-6', 'address', 'show', 'dev', name, 'scope', 'global'))
  return {
    inflict: [ipAct('link', 'set', 'dev', name, 'down')],
    undo: [
      ipAct('link', 'set', 'dev', name, 'up'),
      ...addressesBack(addresses, name, vip),
      ...routesBack(routes.flat(), name),
    ],
  }
}

/** As `ip -j route` tells of it. */
export interface Route {
  family?: string
  dst: string
  gateway?: string
  protocol?: string
  metric?: number
  prefsrc?: string
}

export interface Link {
  /** With what was not asked for as empty objects. */
  addr_info?: { local?: string; prefixlen?: number; dynamic?: boolean }[]
}

/** The kernel makes its own again, from addresses and router advertisements. */
export const routesBack = (routes: readonly Route[], device: string): Act[] =>
  routes
    .filter(({ protocol }) => protocol !== 'kernel' && protocol !== 'ra')
    // Through a gateway leads only what the routes without one have made reachable.
    .toSorted((a, b) => Number(a.gateway !== undefined) - Number(b.gateway !== undefined))
    .map(({ family = '-4', dst, gateway, protocol, metric, prefsrc }) =>
      ipAct(
        family,
        'route',
        'replace',
        dst,
        ...(gateway === undefined ? [] : ['via', gateway]),
        'dev',
        device,
        ...(protocol === undefined ? [] : ['proto', protocol]),
        ...(metric === undefined ? [] : ['metric', String(metric)]),
        ...(prefsrc === undefined ? [] : ['src', prefsrc]),
      ),
    )

/** IPv4 addresses stay on a link that is down. The floating ones are the agent's business. */
export const addressesBack = (links: readonly Link[], device: string, vip: readonly string[]): Act[] =>
  links
    .flatMap(({ addr_info: all = [] }) => all)
    .flatMap(({ local, prefixlen, dynamic }) =>
      local === undefined || dynamic === true || vip.includes(local)
        ? []
        : [ipAct('-6', 'address', 'replace', `${local}/${prefixlen}`, 'dev', device, 'nodad')],
    )

const table = 'twintone_drill'

/**
 * Nothing passes but loopback and ssh, so that whoever plays this can still see it. What ssh needs to find its way
 * passes too: ARP is not IP, and neighbour discovery (RFC 4861) is allowed.
 */
const rules = [
  `add table inet ${table}`,
  ...['input', 'output'].flatMap((hook) => [
    `add chain inet ${table} ${hook} { type filter hook ${hook} priority -300; policy drop; }`,
    `add rule inet ${table} ${hook} ${hook === 'input' ? 'iif' : 'oif'} lo accept`,
    `add rule inet ${table} ${hook} tcp dport 22 accept`,
    `add rule inet ${table} ${hook} tcp sport 22 accept`,
    `add rule inet ${table} ${hook} icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`,
  ]),
].join('; ')

export async function cutOffThisHost(): Promise<Fault> {
  const known = await runHook('nft', ['list', 'tables'], { timeoutMs: 5_000 })
  if (known.outcome !== 'ended' || known.exitCode !== 0)
    throw new Error(`nft cannot be used here: ${known.stderr.trim() || 'it needs to be installed, and root'}`)
  return {
    inflict: [{ do: 'run', program: 'nft', args: [rules] }],
    // Made before it is removed, so that removing it twice is no error.
    undo: [{ do: 'run', program: 'nft', args: [`add table inet ${table}; delete table inet ${table}`] }],
  }
}

const ipAct = (...args: string[]): Act => ({ do: 'run', program: 'ip', args })

async function ip(...args: string[]): Promise<string> {
  const result = await runHook('ip', args, { timeoutMs: 5_000, outputBytes: 262_144 })
  if (result.outcome === 'ended' && result.exitCode === 0) return result.stdout
  throw new Error(`ip ${args.join(' ')}: ${result.stderr.trim() || 'failed'}`)
}

const parseRows = <Row>(text: string): Row[] => (text.trim() === '' ? [] : (JSON.parse(text) as Row[]))
