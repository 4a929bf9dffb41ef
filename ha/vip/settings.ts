import { SocketAddress } from 'node:net'
import type { Config } from '../../lib/base/config.ts'

export interface VipSettings {
  /** Path of the hook; what it is told and answers is at the top of ops/deploy/vip-linux. */
  program: string
  /** The hook is ended after this long. */
  timeoutMs: number
  addresses: readonly string[]
  /** Where the addresses belong. Empty: not on this machine's network, but in a cloud for example. */
  interface: string
  /** The kernel drops the addresses by itself this long after they were last kept. */
  lifetimeSeconds: number
}

const hookOfLinux = new URL('../../ops/deploy/vip-linux', import.meta.url).pathname

/** Addresses are spelled as the kernel spells them. */
export function vipSettings({ pair, pairHooks, pairTiming }: Config): VipSettings {
  const spelled = pair.vip.map(
    (address) => new SocketAddress({ address, family: address.includes(':') ? 'ipv6' : 'ipv4' }).address,
  )
  return {
    program: pairHooks.vip === '' ? hookOfLinux : pairHooks.vip,
    timeoutMs: pairHooks.vipMs,
    addresses: [...new Set(spelled)],
    interface: pair.interface,
    lifetimeSeconds: pairTiming.lifetimeSeconds,
  }
}
