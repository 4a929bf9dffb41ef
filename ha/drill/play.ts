import type { Clock } from '../../lib/base/clock.ts'
import type { Measured } from '../agent/views.ts'
import { actText, perform } from './acts.ts'
import { DeadMan, type Undone } from './dead-man.ts'
import type { Fault } from './scenarios.ts'

/** Whatever measures from here or elsewhere. */
export interface Meter {
  start(): void
  /** How long to wait after `start` before anything is changed. */
  leadMs: number
  finish(): Promise<Measured>
}

/** What phones feel is over a little later than what the nodes do. */
const settleMs = 2_000

/** Measures before, during and after a change, whether or not that succeeds. */
export async function measureAround<T>(
  meter: Meter,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  change: () => Promise<T>,
): Promise<{ changed: T; measured: Measured }> {
  meter.start()
  let measured: Measured | undefined
  try {
    await clock.sleep(meter.leadMs, signal).catch(() => {})
    const changed = await change()
    await clock.sleep(settleMs, signal).catch(() => {})
    measured = await meter.finish()
    return { changed, measured }
  } finally {
    if (measured === undefined) await meter.finish().catch(() => {}) // the files of the drill are taken away
  }
}

/** We take the fault back ourselves; the timer is for the case that we cannot. */
const graceMs = 5_000

/**
 * Does the harm, waits, and takes it back; early when `signal` aborts.
 * @returns what could not be taken back
 * @throws Error when it could not be done; then nothing of it is left
 */
export async function playFault(
  fault: Fault,
  lastsMs: number,
  { clock, signal, tell }: { clock: Clock; signal: AbortSignal; tell: (line: string) => void },
): Promise<Undone[]> {
  const deadMan = await DeadMan.arm({ afterMs: lastsMs + graceMs, acts: fault.undo })
  try {
    for (const act of fault.inflict) {
      tell(actText(act))
      await perform(act)
    }
    await clock.sleep(lastsMs, signal).catch(() => {})
  } catch (error) {
    await deadMan.undoNow()
    throw error
  }
  for (const act of fault.undo) tell(`taken back: ${actText(act)}`)
  return deadMan.undoNow()
}
