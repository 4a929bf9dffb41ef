import { open, readFile, rm, statfs } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import type { Probe } from '../probe.ts'
import { Blind, Missed, type Attempt } from './attempt.ts'
import { probeOf, type ProbeParts } from './parts.ts'
import { wordsFor } from './system-error.ts'

/** What a restart does not mend: disks, memory, processor, clock. */

const about = { kind: 'machine' } as const

export interface DiskParts {
  /** `data`, `log` */
  what: string
  folder: string
  /** Also writes a file there and has it put on the disk. */
  writesTo?: string
}

export function diskProbe({ what, folder, writesTo }: DiskParts, parts: ProbeParts): Probe {
  const { diskFreePercent } = parts.config.watchdog
  return probeOf({ name: `disk of ${what}`, about, dependsOn: [] }, parts, async (attempt) => {
    attempt.ask(`free space of ${folder}`)
    const shortage = shortageOf(await statfs(folder), diskFreePercent)
    if (shortage !== undefined) throw new Missed(shortage)
    if (writesTo !== undefined) await writeAndSync(attempt, join(writesTo, `.watchdog-${parts.token}`))
  })
}

/** Some file systems count no inodes: they say there are none at all. */
export function shortageOf(
  { bavail, blocks, ffree, files }: { bavail: number; blocks: number; ffree: number; files: number },
  leastPercent: number,
): string | undefined {
  const space = blocks === 0 ? 100 : (100 * bavail) / blocks
  const inodes = files === 0 ? 100 : (100 * ffree) / files
  const least = `and watchdog.diskFreePercent wants ${leastPercent} %`
  if (space < leastPercent) return `only ${space.toFixed(1)} % of the space is free, ${least},`
  if (inodes < leastPercent) return `only ${inodes.toFixed(1)} % of the inodes are free, ${least},`
  return undefined
}

/** A full or read-only disk is what we ask about here: it is no blindness. */
async function writeAndSync(attempt: Attempt, path: string): Promise<void> {
  attempt.ask(`writing and syncing ${path}`)
  try {
    await attempt.phase('sync', async () => {
      const handle = await open(path, 'w', 0o600)
      try {
        await handle.writeFile(Buffer.alloc(4_096, 1))
        await handle.sync()
      } finally {
        await handle.close()
      }
    })
  } catch (cause) {
    throw new Missed(wordsFor(cause), { cause })
  } finally {
    await rm(path, { force: true }).catch(() => {}) // the next run writes over it
  }
}

const leastMemoryPercent = 5

export function memoryProbe(parts: ProbeParts): Probe {
  return probeOf({ name: 'memory', about, dependsOn: [] }, parts, async (attempt) => {
    attempt.ask('/proc/meminfo')
    const percent = availablePercent(await readFile('/proc/meminfo', 'utf8'))
    if (percent !== undefined && percent < leastMemoryPercent)
      attempt.warnings.push(`only ${percent.toFixed(1)} % of the memory is available`)
  })
}

/** proc(5): MemAvailable estimates what programs could have without swapping. */
export function availablePercent(meminfo: string): number | undefined {
  const total = /^MemTotal:\s+(\d+)/m.exec(meminfo)?.[1]
  const available = /^MemAvailable:\s+(\d+)/m.exec(meminfo)?.[1]
  return total === undefined || available === undefined
    ? undefined
    : (100 * Number(available)) / Number(total)
}

/** So long after its time a timer of ours fires on a machine that has no time for us. */
const starvedMs = 1_000
const mostStolen = 0.5
const pauseMs = 20

/** Who gets no processor sees every door answer late, and must not blame the doors. */
export function processorProbe(parts: ProbeParts): Probe {
  let before: Processor | undefined
  return probeOf({ name: 'processor', about, dependsOn: [] }, parts, async (attempt) => {
    attempt.ask('/proc/stat')
    const now = processorIn(await readFile('/proc/stat', 'utf8'))
    const stolen = before === undefined ? 0 : stolenShare(before, now)
    before = now
    const overload = overloadOf(loadavg()[1] ?? 0, availableParallelism())
    if (overload !== undefined) attempt.warnings.push(overload)
    const lateMs = await latenessOf(attempt, parts)
    attempt.add('late', lateMs)
    if (stolen > mostStolen)
      throw new Blind(
        `the hypervisor takes ${Math.round(100 * stolen)} % of the processor away from this machine`,
      )
    if (lateMs > starvedMs)
      throw new Blind(`the watchdog gets no processor: a timer fired ${Math.round(lateMs)} ms late`)
  })
}

const mostLoad = 4

/** @param load of five minutes: a burst of phones that boot concerns nobody */
export function overloadOf(load: number, processors: number): string | undefined {
  if (load <= mostLoad * processors) return undefined
  return `the load of the last five minutes is ${load.toFixed(1)} on ${processors} processors`
}

async function latenessOf(attempt: Attempt, { clock }: ProbeParts): Promise<number> {
  const from = clock.now()
  await clock.sleep(pauseMs, attempt.signal)
  return Math.max(0, clock.now() - from - pauseMs)
}

export interface Processor {
  all: number
  stolen: number
}

/** Ticks since the start: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)). */
export function processorIn(stat: string): Processor {
  const ticks = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(/\s+/).slice(0, 8).map(Number) ?? []
  return { all: ticks.reduce((sum, each) => sum + each, 0), stolen: ticks[7] ?? 0 }
}

/** Over less than a second of all processors a few ticks say nothing. */
export function stolenShare(before: Processor, now: Processor): number {
  const all = now.all - before.all
  return all < 100 ? 0 : (now.stolen - before.stolen) / all
}

/** An adjustment by the time service is smaller. */
const jumpMs = 2_000

/** The wall clock against the monotonic one. A jump is told once. */
export function clockProbe(parts: ProbeParts): Probe {
  const { clock } = parts
  const offset = () => clock.wallTime().getTime() - clock.now()
  let before = offset()
  return probeOf({ name: 'clock', about, dependsOn: [] }, parts, async (attempt) => {
    attempt.ask('clock')
    const now = offset()
    const jump = now - before
    before = now
    if (Math.abs(jump) < jumpMs) return
    const seconds = Math.round(Math.abs(jump) / 1_000)
    throw new Blind(
      `the clock of this machine was set ${jump > 0 ? 'forward' : 'back'} by ${seconds} s, or the machine slept; what was measured meanwhile says nothing`,
    )
  })
}
