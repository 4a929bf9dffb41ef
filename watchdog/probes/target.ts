import { isIPv4 } from 'node:net'

/** A door as it is asked: where it listens, and where we come from. */
export interface Target {
  host: string
  port: number
  from: string
}

/**
 * Where to ask a door that listens on these addresses: over IPv4 where it can be, since only there the watchdog has an
 * address of its own.
 * @param own `watchdog.address`
 */
export function targetOf(addresses: readonly string[], port: number, own: string): Target {
  const ipv4 = addresses.find(isIPv4)
  if (ipv4 !== undefined) return { host: ipv4 === '0.0.0.0' ? '127.0.0.1' : ipv4, port, from: own }
  const [ipv6 = '::1'] = addresses
  return { host: ipv6 === '::' ? '::1' : ipv6, port, from: '::1' }
}
