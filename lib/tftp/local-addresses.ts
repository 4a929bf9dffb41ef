import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { canonicalAddress } from '../phones/address.ts'

/** An address to listen on. */
export interface LocalAddress {
  /** As it is bound; a link-local IPv6 address with its zone: `fe80::1%eth0`. */
  address: string
  /** Bytes of data in the largest UDP packet that its interface takes whole. */
  largestPacket: number
  /** The machine has it; a chosen address may come later. */
  present: boolean
}

/** What stands for every address of a family, as the settings write it. */
const wildcards = ['0.0.0.0', '::']

/** Which addresses the settings mean, as of now: the chosen ones, and all of the machine's where a wildcard is chosen. */
export async function wantedAddresses(chosen: readonly string[]): Promise<LocalAddress[]> {
  const present = await presentAddresses()
  const wanted = new Map<string, LocalAddress>()
  for (const local of present) {
    if (chosen.includes(isIPv6(local.address) ? '::' : '0.0.0.0')) wanted.set(local.address, local)
  }
  for (const address of chosen.filter((text) => !wildcards.includes(text))) {
    const canonical = canonicalAddress(address)
    const local = present.find((other) => canonicalAddress(other.address) === canonical) ?? absent(address)
    wanted.set(local.address, local)
  }
  return [...wanted.values()]
}

async function presentAddresses(): Promise<LocalAddress[]> {
  const found: LocalAddress[] = []
  for (const [label, entries = []] of Object.entries(networkInterfaces())) {
    const name = label.split(':', 1)[0] ?? label // "eth0:vip" is a label of eth0
    const mtu = await mtuOf(name)
    for (const { address, scopeid } of entries) {
      const zoned = scopeid === undefined || scopeid === 0 ? address : `${address}%${name}`
      found.push({ address: zoned, largestPacket: mtu - headerBytes(address), present: true })
    }
  }
  return found
}

const ethernetMtu = 1_500

const absent = (address: string): LocalAddress => ({
  address,
  largestPacket: ethernetMtu - headerBytes(address),
  present: false,
})

/** IP without options, and UDP. */
const headerBytes = (address: string) => (isIPv6(address) ? 48 : 28)

async function mtuOf(name: string): Promise<number> {
  const mtu = Number(await readFile(`/sys/class/net/${name}/mtu`, 'utf8').catch(() => ethernetMtu))
  return Number.isInteger(mtu) && mtu > 0 ? mtu : ethernetMtu
}
