import { readdir, readFile, readlink } from 'node:fs/promises'

export type Transport = 'tcp' | 'udp'

/**
 * Which process of this machine holds a port, as `nginx (pid 812)`, where /proc lets us know: other users'
 * processes are only visible to root. Sources: proc(5), /proc/net/tcp and /proc/[pid]/fd.
 */
export async function portOwner(transport: Transport, port: number): Promise<string | undefined> {
  const inodes = await listeningInodes(transport, port)
  if (inodes.size === 0) return undefined
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  for (const pid of pids) {
    if (await holds(pid, inodes)) return `${await commandName(pid)} (pid ${pid})`
  }
  return undefined
}

/** In /proc/net/tcp state 0A is LISTEN; a bound UDP socket is 07. */
const listening = { tcp: '0A', udp: '07' } as const

async function listeningInodes(transport: Transport, port: number): Promise<Set<string>> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = new Set<string>()
  for (const table of [transport, `${transport}6`]) {
    const lines = (await readFile(`/proc/net/${table}`, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const line of lines) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      if (local?.endsWith(`:${wanted}`) && state === listening[transport] && inode !== undefined)
        inodes.add(inode)
    }
  }
  return inodes
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

const commandName = async (pid: string) =>
  (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'unknown')).trim()

/**
 * Turns a failed bind into a sentence for the person who has to mend it: which port, which setting, who has it.
 * Other errors come back as they are.
 */
export async function explainBindError(
  error: unknown,
  place: { transport: Transport; address: string; port: number; setting: string },
): Promise<unknown> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const { transport, address, port, setting } = place
  const where = `${setting}: ${transport.toUpperCase()} port ${port} on ${address}`
  if (code === 'EADDRINUSE') {
    const owner = await portOwner(transport, port)
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
