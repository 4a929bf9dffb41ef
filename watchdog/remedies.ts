import type { Moment, Rules } from './rules.ts'

/** What was done about what is down, and so what it has cost and when it may be done again. Plain data. */

export type Rung = 'reopen' | 'graceful' | 'hard' | 'hand over'

export interface Act {
  rung: Rung
  incident: string
  probe: string
  startedMs: number
  startedWall: string
}

export interface Remedies {
  /** By probe. */
  reopens: Record<string, Spent>
  restarts: Spent
  handOvers: Spent
  /** By probe, and there by rung. */
  tried: Record<string, Partial<Record<Rung, Attempt>>>
  acting?: Act
}

/** What was spent of a budget, and when it may be used again. */
interface Spent {
  timesMs: number[]
  /** Attempts since it was well for long. */
  inARow: number
  notBeforeMs: number
}

export interface Attempt {
  endedMs: number
  ok: boolean
  mended: boolean
}

export const hourMs = 3_600_000
const longestWaitMs = 1_800_000
const nothingSpent: Spent = { timesMs: [], inARow: 0, notBeforeMs: 0 }

export const noRemedies: Remedies = {
  reopens: {},
  restarts: nothingSpent,
  handOvers: nothingSpent,
  tried: {},
}

/** The act begins now. */
export function began(remedies: Remedies, act: Act): Remedies {
  const spend = ({ timesMs, inARow, notBeforeMs }: Spent): Spent => ({
    timesMs: [...timesMs.filter((at) => act.startedMs - at < hourMs), act.startedMs],
    inARow: inARow + 1,
    notBeforeMs,
  })
  return { ...changeSpent(remedies, act, spend), acting: act }
}

/**
 * The act has ended.
 * @param probes all that it was meant for, or served
 */
export function ended(
  remedies: Remedies,
  probes: readonly string[],
  ok: boolean,
  { atMs, chance }: Moment,
  rules: Rules,
): Remedies {
  const { acting, ...rest } = remedies
  if (acting === undefined) return remedies
  const tried = { ...rest.tried }
  for (const probe of probes) {
    tried[probe] = { ...tried[probe], [acting.rung]: { endedMs: atMs, ok, mended: false } }
  }
  const wait = (spent: Spent): Spent => {
    const waitMs = waitAfter(acting.rung, ok, spent.inARow, rules) * (0.9 + 0.2 * chance)
    return { ...spent, notBeforeMs: atMs + waitMs }
  }
  return changeSpent({ ...rest, tried }, acting, wait)
}

/** The probe is well again: what was tried last is credited with it. */
export function mended(remedies: Remedies, probe: string): Remedies {
  const attempts = remedies.tried[probe]
  const last = lastOf(attempts)
  if (attempts === undefined || last === undefined || !last.ok) return remedies
  return {
    ...remedies,
    tried: { ...remedies.tried, [probe]: { ...attempts, [last.rung]: { ...last.attempt, mended: true } } },
  }
}

/**
 * What was tried is forgotten for probes that have been well for long; so is how long restarts wait, once all have been.
 * The budget of the hour is not.
 */
export function forgotten(remedies: Remedies, well: (probe: string) => boolean, allWell: boolean): Remedies {
  const gone = Object.keys(remedies.tried).filter(well)
  if (gone.length === 0 && !(allWell && remedies.restarts.inARow > 0)) return remedies
  const calm = (spent: Spent): Spent => ({ ...spent, inARow: 0, notBeforeMs: 0 })
  const reopens = Object.entries(remedies.reopens).map(
    ([probe, spent]) => [probe, well(probe) ? calm(spent) : spent] as const,
  )
  return {
    ...remedies,
    reopens: Object.fromEntries(reopens),
    restarts: allWell ? calm(remedies.restarts) : remedies.restarts,
    handOvers: allWell ? calm(remedies.handOvers) : remedies.handOvers,
    tried: Object.fromEntries(Object.entries(remedies.tried).filter(([probe]) => !gone.includes(probe))),
  }
}

export const isRestart = (rung: Rung): rung is 'graceful' | 'hard' => rung === 'graceful' || rung === 'hard'

/** How long an attempt's effect is awaited: a file server needs its time to start, a failed attempt none. */
export function effectMs(rung: Rung, ok: boolean, { suspectMs, graceMs }: Rules): number {
  if (!ok) return suspectMs
  return rung === 'reopen' ? 2 * suspectMs : Math.max(graceMs, 2 * suspectMs)
}

/** How long the same waits until it is done again: twice as long each time, up to half an hour. */
function waitAfter(rung: Rung, ok: boolean, inARow: number, rules: Rules): number {
  const firstMs = effectMs(rung, true, rules)
  if (ok) return Math.min(longestWaitMs, firstMs * 2 ** (inARow - 1))
  // A first failed attempt makes room for the stronger one at once.
  return inARow < 2 ? rules.suspectMs : Math.min(longestWaitMs, firstMs * 2 ** (inARow - 2))
}

export function lastOf(attempts: Partial<Record<Rung, Attempt>> | undefined) {
  let last: { rung: Rung; attempt: Attempt; ok: boolean } | undefined
  for (const [rung, attempt] of Object.entries(attempts ?? {}) as [Rung, Attempt][]) {
    if (last === undefined || attempt.endedMs >= last.attempt.endedMs)
      last = { rung, attempt, ok: attempt.ok }
  }
  return last
}

export function spentOn(remedies: Remedies, { rung, probe }: Pick<Act, 'rung' | 'probe'>): Spent {
  if (rung === 'reopen') return remedies.reopens[probe] ?? nothingSpent
  return isRestart(rung) ? remedies.restarts : remedies.handOvers
}

function changeSpent(remedies: Remedies, act: Act, change: (spent: Spent) => Spent): Remedies {
  const spent = change(spentOn(remedies, act))
  if (act.rung === 'reopen') {
    return { ...remedies, reopens: { ...remedies.reopens, [act.probe]: spent } }
  }
  return isRestart(act.rung) ? { ...remedies, restarts: spent } : { ...remedies, handOvers: spent }
}
