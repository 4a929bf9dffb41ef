import { open, readFile, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../lib/base/clock.ts'
import type { Component } from '../../lib/base/component.ts'
import { Periodic } from '../../lib/base/periodic.ts'
import { runHook } from '../../lib/base/run-hook.ts'

/** What a node finds out about itself. Each fault is a sentence; what is not looked at is no fault. */
export interface Facts {
  /** The file server or one of its doors does not do its work. */
  doors?: string
  /** The data folder cannot be written to. */
  disk?: string
  space?: string
  /** The cable of the phones' network is out. */
  carrier?: string
  gateway?: string
  /** The agent's timers fire late. */
  lag?: string
  freeMb?: number
}

export interface HealthSettings {
  /** Where probes are written. */
  folder: string
  interface: string
  /** Addresses that should answer; empty: not looked at. */
  targets: readonly string[]
  freeMb: number
}

export interface HealthParts {
  clock: Clock
  /** What the file server and the watchdog say of the doors; undefined: all is well. */
  doors: () => Promise<string | undefined>
  /** The worst since the last look. */
  lateMs: () => number
  onFacts: (facts: Facts) => void
}

const everyMs = 1_000
const writeMs = 1_000
const inodesLeft = 200
/** A third of what the active node may be silent (pairTiming.deadlineMs as it comes). */
const mostLateMs = 300

/** Looks at this node, again and again: one look at a time, each with a limit. */
export class Health implements Component {
  readonly name = 'health of this node'
  readonly #settings: HealthSettings
  readonly #parts: HealthParts
  readonly #looking: Periodic

  constructor(settings: HealthSettings, parts: HealthParts) {
    this.#settings = settings
    this.#parts = parts
    const { clock, onFacts } = parts
    this.#looking = new Periodic(async (signal) => onFacts(await this.#look(signal)), { everyMs, clock })
  }

  async start(fail: (reason: unknown) => void): Promise<void> {
    this.#looking.start(fail)
  }

  async stop(): Promise<void> {
    await this.#looking.stop()
  }

  async #look(signal: AbortSignal): Promise<Facts> {
    const { folder, interface: device, targets, freeMb } = this.#settings
    const [disk, room, carrier, gateway, doors] = await Promise.all([
      this.#within(writeProbe(join(folder, 'probe')), signal),
      roomIn(folder),
      carrierFault(device),
      targetsFault(targets, signal),
      this.#parts.doors(),
    ])
    const space = room === undefined ? undefined : spaceFault(room, freeMb)
    const lag = lagFault(this.#parts.lateMs())
    const faults = { doors, disk, space, carrier, gateway, lag, freeMb: room?.freeMb }
    return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== undefined))
  }

  /** A disk that hangs is a fault, not a reason to wait for it. */
  async #within(probe: Promise<string | undefined>, signal: AbortSignal): Promise<string | undefined> {
    const late = this.#parts.clock
      .sleep(writeMs, signal)
      .then(() => `the disk took longer than ${writeMs} ms to write a few bytes`)
      .catch(() => undefined)
    return Promise.race([probe, late])
  }
}

async function writeProbe(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'w', 0o600)
    try {
      await file.write('probe')
      await file.sync()
    } finally {
      await file.close()
    }
    await rm(path)
    return undefined
  } catch (error) {
    return `nothing can be written below ${path}: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function roomIn(folder: string): Promise<{ freeMb: number; inodes: number } | undefined> {
  try {
    const { bavail, bsize, ffree, files } = await statfs(folder)
    return { freeMb: Math.floor((bavail * bsize) / 1_048_576), inodes: files === 0 ? Infinity : ffree }
  } catch {
    return undefined // the write probe says why
  }
}

function spaceFault(
  { freeMb, inodes }: { freeMb: number; inodes: number },
  leastMb: number,
): string | undefined {
  if (freeMb < leastMb) return `${freeMb} MiB left for data, and pair.freeMb is ${leastMb}`
  return inodes < inodesLeft ? `${inodes} inodes left for data` : undefined
}

async function carrierFault(device: string): Promise<string | undefined> {
  if (device === '') return undefined
  const carrier = await readFile(`/sys/class/net/${device}/carrier`, 'utf8').catch(() => '0')
  return carrier.trim() === '1' ? undefined : `no link on ${device}`
}

const lagFault = (lateMs: number): string | undefined =>
  lateMs > mostLateMs
    ? `this machine has no time: timers fire up to ${Math.round(lateMs)} ms late`
    : undefined

/** One that answers is enough: a single address may have its own trouble. */
async function targetsFault(targets: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  if (targets.length === 0) return undefined
  const answers = await Promise.all(
    targets.map((target) => runHook('ping', pingArgs(target), { timeoutMs: 2_000, signal })),
  )
  const well = answers.some((answer) => answer.outcome === 'ended' && answer.exitCode === 0)
  return well || signal.aborted ? undefined : `${targets.join(', ')} cannot be reached`
}

/** One answer within a second is enough, however many packets are lost on the way: ping(8), -c with -w. */
const pingArgs = (target: string) => ['-n', '-q', '-c', '1', '-i', '0.2', '-w', '1', target]
