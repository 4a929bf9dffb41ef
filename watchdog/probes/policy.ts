import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import type { Config } from '../../lib/base/config.ts'
import type { UserPolicy } from '../../lib/base/settings/user-data.ts'

/** Which proof the file server wants of who comes from `address`, as its settings say. */
export function policyFor(
  userData: Config['userData'],
  protocol: 'http' | 'https' | 'ftp',
  address: string,
): UserPolicy {
  const row = userData.policies.find(
    ({ protocols, network }) => protocols.includes(protocol) && networkHolds(network, address),
  )
  return row?.policy ?? userData[protocol]
}

/** @param network an address, a prefix (`127.6`), a range or a CIDR block; what is none of these holds nobody */
export function networkHolds(network: string, address: string): boolean {
  const block = new BlockList()
  try {
    addTo(block, network.trim())
  } catch {
    return false // the file server does not start with such settings
  }
  return block.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

function addTo(block: BlockList, network: string): void {
  const family = network.includes(':') ? 'ipv6' : 'ipv4'
  const [first = '', last] = network.split('-')
  if (last !== undefined) return block.addRange(first, last, family)
  const [base = '', bits] = network.split('/')
  if (bits !== undefined) return block.addSubnet(base, Number(bits), family)
  if (isIP(network) !== 0) return block.addAddress(network, family)
  const parts = network.replace(/\.$/, '').split('.')
  const filled = [...parts, '0', '0', '0'].slice(0, 4).join('.')
  if (isIPv4(filled)) block.addSubnet(filled, 8 * parts.length, 'ipv4')
}
