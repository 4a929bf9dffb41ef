import { readFile } from 'node:fs/promises'

/**
 * MiB that a server and its children hold. Pages that children share with the first process count once: a server
 * that forks for each transfer would otherwise seem a hundred times as large as it is.
 */
export async function memoryMbOf(pid: number): Promise<number> {
  const children = await Promise.all((await descendants(pid)).map(privateKb))
  return children.reduce((sum, kb) => sum + kb, await residentKb(pid)) / 1024
}

/** Processor seconds that a server and its children have used, with those of children it has waited for. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const all = await Promise.all([pid, ...(await descendants(pid))].map(cpuSeconds))
  return all.reduce((sum, seconds) => sum + seconds, 0)
}

/** Children, their children, and so on. */
export async function descendants(pid: number): Promise<number[]> {
  const all: number[] = []
  for (const child of (await read(`/proc/${pid}/task/${pid}/children`))
    .split(' ')
    .filter(Boolean)
    .map(Number))
    all.push(child, ...(await descendants(child)))
  return all
}

const residentKb = async (pid: number) => field(await read(`/proc/${pid}/status`), 'VmRSS')

async function privateKb(pid: number): Promise<number> {
  const rollup = await read(`/proc/${pid}/smaps_rollup`)
  return field(rollup, 'Private_Clean') + field(rollup, 'Private_Dirty')
}

const field = (text: string, name: string) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)

/** Linux counts in hundredths of a second, whatever the kernel's own tick is (USER_HZ). */
const ticksPerSecond = 100

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await read(`/proc/${pid}/stat`)
  // The name in brackets may hold spaces; after it, utime, stime, cutime and cstime are fields 14 to 17 of proc(5).
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
  return ticks.reduce((sum, text) => sum + Number(text), 0) / ticksPerSecond
}

/** Empty for a process that has ended in the meantime. */
const read = (path: string) => readFile(path, 'utf8').catch(() => '')
