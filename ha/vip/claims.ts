/** Who else claims a floating address: what the kernel and `vip-neighbours probe` say of it, read. */

/** A machine that is not this one has said that the address is its own. */
export interface Claim {
  address: string
  mac: string
}

/** The kernel notes nobody yet: `vip-neighbours watch` lays in such entries. */
const nobody = '00:00:00:00:00:00'
const isMac = (text: string) => /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text)

/** @param table /proc/net/arp: `IP address, HW type, Flags, HW address, Mask, Device` */
export function claimsInArpTable(table: string, addresses: readonly string[], device: string): Claim[] {
  return table.split('\n').flatMap((line) => {
    const [address = '', , , mac = '', , on] = line.trim().split(/\s+/)
    if (on !== device || !addresses.includes(address) || !isMac(mac) || mac === nobody) return []
    return [{ address, mac }]
  })
}

/** @param output lines `ADDRESS MAC` */
export function claimsInProbe(output: string): Claim[] {
  return output.split('\n').flatMap((line) => {
    const [address = '', mac = ''] = line.trim().toLowerCase().split(' ')
    return isMac(mac) ? [{ address, mac }] : []
  })
}
