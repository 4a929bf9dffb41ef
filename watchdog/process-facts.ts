import { readdir, readFile, readlink } from 'node:fs/promises'

/**
 * What the kernel tells of a process, also of one that hangs or is stopped. Other users' processes, and those with
 * capabilities that we lack, keep most of it to themselves.
 */
export interface ProcessFacts {
  pid: number
  /** Open descriptors by kind: `socket`, `pipe`, `file`, `device`, `anon_inode:[eventpoll]`, ... */
  descriptors: Record<string, number> | string
  /** Lines of /proc/PID/limits. */
  limits: string[] | string
  /** Number of mapped regions, and the sums over them. */
  maps: { regions: number; sums: string[] } | string
  /** State, memory, signals: lines of /proc/PID/status. */
  status: string[] | string
  threads: ThreadFacts[] | string
}

interface ThreadFacts {
  tid: number
  name: string
  state: string
  /** Where in the kernel it waits; `0`: it does not. */
  waitsIn: string
  /** Its stack in the kernel, which only root sees. */
  stack: string[]
}

const mostThreads = 100

/** Never rejects: instead of what cannot be read it says why. */
export async function processFacts(pid: number): Promise<ProcessFacts> {
  const folder = `/proc/${pid}`
  const [descriptors, limits, maps, status, threads] = await Promise.all([
    orWhy(descriptorsOf(folder)),
    orWhy(linesOf(`${folder}/limits`)),
    orWhy(mapsOf(folder)),
    orWhy(linesOf(`${folder}/status`)),
    orWhy(threadsOf(folder)),
  ])
  return { pid, descriptors, limits, maps, status, threads }
}

async function descriptorsOf(folder: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of await readdir(`${folder}/fd`)) {
    const target = await readlink(`${folder}/fd/${name}`).catch(() => 'closed meanwhile')
    const kind = kindOf(target)
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

/** `socket:[4711]`, `pipe:[4711]`, `anon_inode:[eventpoll]`, `/dev/null`, `/var/lib/...`: proc_pid_fd(5). */
export function kindOf(target: string): string {
  if (target.startsWith('/dev/')) return 'device'
  if (target.startsWith('/')) return target.endsWith(' (deleted)') ? 'deleted file' : 'file'
  return target.startsWith('anon_inode:') ? target : (target.split(':', 1)[0] ?? '')
}

async function mapsOf(folder: string): Promise<{ regions: number; sums: string[] }> {
  const [maps, rollup] = await Promise.all([linesOf(`${folder}/maps`), linesOf(`${folder}/smaps_rollup`)])
  return { regions: maps.length, sums: rollup.slice(1) }
}

async function threadsOf(folder: string): Promise<ThreadFacts[]> {
  const tids = (await readdir(`${folder}/task`)).slice(0, mostThreads)
  return Promise.all(tids.map((tid) => threadOf(Number(tid), `${folder}/task/${tid}`)))
}

async function threadOf(tid: number, folder: string): Promise<ThreadFacts> {
  const [status, waitsIn, stack] = await Promise.all([
    linesOf(`${folder}/status`).catch(() => []),
    readFile(`${folder}/wchan`, 'utf8').catch(() => ''),
    linesOf(`${folder}/stack`).catch(() => []),
  ])
  const valueOf = (field: string) =>
    status
      .find((line) => line.startsWith(`${field}:`))
      ?.slice(field.length + 1)
      .trim() ?? ''
  return { tid, name: valueOf('Name'), state: valueOf('State'), waitsIn, stack }
}

const linesOf = async (path: string) => (await readFile(path, 'utf8')).trimEnd().split('\n')

const orWhy = <T>(reading: Promise<T>): Promise<T | string> =>
  reading.catch((error: unknown) => `not readable: ${error instanceof Error ? error.message : String(error)}`)
