import { isIP } from 'node:net'
import type { Item } from '../../lib/base/import/report.ts'
import { carried, changed, dropped, type Verdict } from '../../lib/base/import/verdict.ts'
import { nodeName, sameNode, type Directive } from './directives.ts'

/**
 * One line for each group of resources: its default master, then what runs where that node is master.
 * @param about the nodes of ha.cf, and whether the old pair gave the role back
 */
export function translateResources(
  lines: readonly Directive[],
  about: { nodes: readonly string[]; failsBack: boolean | undefined },
): Item[] {
  const items: Item[] = []
  const vip: string[] = []
  const master = lines[0]?.words[0]
  for (const { words, line } of lines) {
    const [node = '', ...resources] = words
    items.push({ key: node, value: '', line, ...preferred(node, master, about) })
    for (const resource of resources)
      items.push({ key: resource, value: '', line, ...translateResource(resource, vip) })
  }
  return items
}

function preferred(
  node: string,
  master: string | undefined,
  { nodes, failsBack }: { nodes: readonly string[]; failsBack: boolean | undefined },
): Verdict {
  const ours = nodes.find((name) => sameNode(name, node))
  if (ours === undefined) return dropped('not a node of ha.cf')
  if (master !== undefined && !sameNode(master, node))
    return dropped(`one node is active for everything; ${nodeName(master)} is preferred`)
  if (failsBack === undefined)
    return changed(
      { 'pair.preferred': ours },
      'it took over again at once, since neither nice_failback nor auto_failback was given; here it does once pair.failbackMinutes is set',
    )
  return carried({ 'pair.preferred': ours })
}

const noSharedDisk = 'there is no shared disk: what phones save goes to the disks of both nodes'

const known: readonly [RegExp, string][] = [
  [/^mv_(?:ipteld|watchdogd)$/i, 'file server and watchdog run on both nodes all the time, under systemd'],
  [/^(?:drbddisk|drbd|filesystem|lvm|raid1?|mdadm)(?:::|$)/i, noSharedDisk],
  [/^(?:sendarp|ipsrcaddr|arpping)(?:::|$)/i, 'built in: the active node announces its addresses by itself'],
  [/^mailto(?:::|$)/i, 'the watchdog tells of changes: set alertMail, or another channel'],
]

function translateResource(resource: string, vip: string[]): Verdict {
  const address = /^(?:IPaddr2?|IPv6addr)::(.+)$/i.exec(resource)?.[1] ?? resource
  if (/^\d+(?:\.\d+){3}(?:\/|$)|^[\da-f]*:[\da-f:.]+(?:\/|$)/i.test(address))
    return floatingAddress(address, vip)
  return dropped(
    known.find(([pattern]) => pattern.test(resource))?.[1] ??
      'nothing is started on take-over: let systemd run it on both nodes, or start it by pairHooks.role',
  )
}

/** `192.168.38.130/24/eth0:1/192.168.38.255`: all but the address may be missing. */
function floatingAddress(text: string, vip: string[]): Verdict {
  const [address = '', ...details] = text.split('/')
  if (isIP(address) === 0) return dropped('not an address')
  if (!vip.includes(address)) vip.push(address)
  const network = details.find((detail) => /^[a-z]/i.test(detail))?.replace(/:.*/, '')
  return carried(
    { 'pair.vip': [...vip], ...(network === undefined ? {} : { 'pair.interface': network }) },
    network === undefined
      ? 'name its network interface in pair.interface'
      : details.length > 1
        ? 'it is put on without a netmask, which it does not need'
        : undefined,
  )
}
