import { readFile, readlink, stat } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { controlSocketPath } from '../../lib/base/control-socket.ts'
import { portOwner } from '../../lib/base/port-owner.ts'
import type { MemberView } from '../agent/views.ts'
import { startOf, type Act } from './acts.ts'
import type { Fault, Here } from './scenarios.ts'

/** Somebody must start the agent again: its unit, or else we, as it was started. */
export async function killAgent({ status: { pid }, config }: Here): Promise<Fault> {
  const startedAt = await livingSince(pid, 'the agent')
  const socket = controlSocketPath(config.run.folder, 'agent')
  return {
    inflict: [{ do: 'signal', pid, startedAt, signal: 'SIGKILL' }],
    undo: [await restartOf(pid, socket)],
  }
}

export async function freezeAgent({ status: { pid } }: Here): Promise<Fault> {
  return freeze(pid, await livingSince(pid, 'the agent'))
}

export async function freezeEtcd({ status: { etcd, node } }: Here): Promise<Fault> {
  const leader = etcd.members.find(({ isLeader }) => isLeader)
  if (leader === undefined) throw new Error(`no member of etcd on ${node} is known to lead`)
  const pid = await localPid(leader)
  return freeze(pid, await livingSince(pid, 'etcd'))
}

const freeze = (pid: number, startedAt: string): Fault => ({
  inflict: [{ do: 'signal', pid, startedAt, signal: 'SIGSTOP' }],
  undo: [{ do: 'signal', pid, startedAt, signal: 'SIGCONT' }],
})

async function livingSince(pid: number, what: string): Promise<string> {
  const startedAt = await startOf(pid)
  if (startedAt === undefined) throw new Error(`${what} (process ${pid}) is not on this machine`)
  return startedAt
}

/** The process that listens where the member is reached; it must be one of ours to be frozen. */
async function localPid({ endpoint }: MemberView): Promise<number> {
  const { hostname, port } = new URL(`tcp://${endpoint.replace(/^https?:\/\//, '')}`)
  const address = hostname.replace(/^\[|\]$/g, '')
  const own = Object.values(networkInterfaces()).flatMap((all) => all?.map((each) => each.address) ?? [])
  if (address !== 'localhost' && !own.includes(address) && !address.startsWith('127.'))
    throw new Error(`the member of etcd that leads is at ${endpoint}, which is not this machine`)
  const place = { transport: 'tcp', address: address === 'localhost' ? '127.0.0.1' : address } as const
  const owner = await portOwner({ ...place, port: Number(port) })
  const pid = /\(pid (\d+)\)$/.exec(owner ?? '')?.[1]
  if (pid === undefined)
    throw new Error(`no process can be seen to listen at ${endpoint}; only root sees all`)
  return Number(pid)
}

async function restartOf(pid: number, socket: string): Promise<Act> {
  const unit = await unitOf(pid)
  if (unit !== undefined) return { do: 'run', program: 'systemctl', args: ['start', unit] }
  const { uid } = await stat(`/proc/${pid}`)
  if (uid !== process.geteuid?.())
    throw new Error(`the agent runs as user ${uid}, and no unit of systemd would start it again`)
  const [, ...args] = await wordsIn(`/proc/${pid}/cmdline`)
  return {
    do: 'revive',
    socket,
    words: [await readlink(`/proc/${pid}/exe`), ...args],
    folder: await readlink(`/proc/${pid}/cwd`),
    env: Object.fromEntries((await wordsIn(`/proc/${pid}/environ`)).map(splitAtEquals)),
  }
}

/** The service that a process belongs to (cgroups(7)); it is started again by its own rules. */
async function unitOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
  return /\/system\.slice\/(?:.*\/)?([^/\n]+\.service)$/m.exec(text)?.[1]
}

const wordsIn = async (file: string) => (await readFile(file, 'utf8')).split('\0').slice(0, -1)

const splitAtEquals = (line: string): [string, string] => {
  const at = line.indexOf('=')
  return [line.slice(0, at), line.slice(at + 1)]
}
