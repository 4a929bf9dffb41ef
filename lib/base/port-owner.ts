import { readdir, readFile, readlink } from 'node:fs/promises'
import { BlockList, isIPv4 } from 'node:net'
import { basename } from 'node:path'
import { printable } from './printable.ts'

export type Transport = 'tcp' | 'udp'

export interface Place {
  transport: Transport
  address: string
  port: number
}

/**
 * Which process of this machine keeps others from a port, as `nginx (pid 812)`, where /proc lets us know: other
 * users' processes are only visible to root. Sources: proc(5), /proc/net/tcp and /proc/[pid]/fd.
 */
export async function portOwner(place: Place): Promise<string | undefined> {
  const inodes = await boundInodes(place)
  if (inodes.size === 0) return undefined
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  for (const pid of pids) {
    if (await holds(pid, inodes)) return `${await commandName(pid)} (pid ${pid})`
  }
  return undefined
}

/** In /proc/net/tcp state 0A is LISTEN; a bound UDP socket is 07. */
const bound = { tcp: '0A', udp: '07' } as const

async function boundInodes({ transport, address, port }: Place): Promise<Set<string>> {
  const wantedPort = port.toString(16).toUpperCase().padStart(4, '0')
  const isInTheWay = overlapping(address)
  const inodes = new Set<string>()
  for (const table of [transport, `${transport}6`]) {
    const lines = (await readFile(`/proc/net/${table}`, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const line of lines) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
      const [localAddress = '', localPort] = local.split(':')
      if (localPort !== wantedPort || state !== bound[transport] || inode === undefined) continue
      if (isInTheWay(addressOf(localAddress))) inodes.add(inode)
    }
  }
  return inodes
}

const everywhere = new Set(['0.0.0.0', '0000:0000:0000:0000:0000:0000:0000:0000'])

/** Only the same address is in the way, but for the addresses that stand for all. */
function overlapping(address: string): (local: string) => boolean {
  if (address === '0.0.0.0' || address === '::') return () => true
  const wanted = new BlockList()
  wanted.addAddress(address, family(address))
  return (local) => everywhere.has(local) || wanted.check(local, family(local))
}

const family = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6')

/** `0100007F` is 127.0.0.1: words of four bytes, each turned round (on the processors we run on). */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex').swap32()
  return bytes.length === 4 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':')
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const descriptors = await readdir(folder).catch(() => [])
  for (const descriptor of descriptors) {
    const target = await readlink(`${folder}/${descriptor}`).catch(() => '')
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
    if (inode !== undefined && inodes.has(inode)) return true
  }
  return false
}

/** The program's file; /proc/[pid]/comm is only the name of a thread, `MainThread` for every Node. */
async function commandName(pid: string): Promise<string> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => 'a program')
  return printable(basename(program))
}

/**
 * Turns a failed bind into a sentence for the person who has to mend it: which port, which setting, who has it.
 * Other errors come back as they are.
 */
export async function explainBindError(error: unknown, place: Place & { setting: string }): Promise<unknown> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const { transport, address, port, setting } = place
  const where = `${setting}: ${transport.toUpperCase()} port ${port} on ${address}`
  if (code === 'EADDRINUSE') {
    const owner = await portOwner(place)
    const who = owner === undefined ? 'is in use' : `is held by ${owner}`
    return new Error(`${where} ${who}; stop that program or choose another port in ${setting}`, {
      cause: error,
    })
  }
  if (code === 'EACCES') {
    return new Error(
      `${where} needs the right to use ports below 1024; grant CAP_NET_BIND_SERVICE (the systemd unit does) or choose a higher port`,
      { cause: error },
    )
  }
  if (code === 'EADDRNOTAVAIL')
    return new Error(`${where}: this machine does not have that address`, { cause: error })
  return error
}

/** A machine without IPv6 (or without IPv4) still serves the other, where both were only asked for as "all". */
export function isMissingFamily(error: unknown, address: string): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return (address === '::' || address === '0.0.0.0') && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')
}
