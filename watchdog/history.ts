import type { ProbeState } from './verdict.ts'

/** How a probe stood during the last day: the worst state of each five minutes, one letter each. Plain data. */
export interface Strip {
  /** Number of the slot that the last letter is for, counted in five minutes of the clock it is told. */
  slot: number
  /** Oldest first; at most a day. A dot: nothing was seen. */
  letters: string
}

export const slotMs = 300_000
export const slotsOfDay = 288

/** The worst last. */
const states = [
  'unknown',
  'ok',
  'maintenance',
  'blind',
  'suspect',
  'recovering',
  'flapping',
  'down',
] as const satisfies readonly ProbeState[]
const letters = 'uombsrfd'
const unseen = '.'

export function recorded(strip: Strip | undefined, state: ProbeState, atMs: number): Strip {
  const letter = letters[states.indexOf(state)] ?? unseen
  const slot = Math.floor(atMs / slotMs)
  if (strip === undefined) return { slot, letters: letter }
  const { letters: before } = strip
  if (slot > strip.slot) {
    const gap = unseen.repeat(Math.min(slotsOfDay, slot - strip.slot - 1))
    return { slot, letters: (before + gap + letter).slice(-slotsOfDay) }
  }
  const last = before.at(-1) ?? unseen
  const worse = letters.indexOf(letter) > letters.indexOf(last)
  return worse ? { ...strip, letters: before.slice(0, -1) + letter } : strip
}

/** The day up to now, oldest first, always 288 slots. */
export function dayOf(strip: Strip | undefined, atMs: number): (ProbeState | undefined)[] {
  const slot = Math.floor(atMs / slotMs)
  const after = strip === undefined ? 0 : Math.min(slotsOfDay, Math.max(0, slot - strip.slot))
  const known = (strip?.letters ?? '') + unseen.repeat(after)
  return Array.from(known.slice(-slotsOfDay).padStart(slotsOfDay, unseen), (letter) =>
    letter === unseen ? undefined : states[letters.indexOf(letter)],
  )
}
