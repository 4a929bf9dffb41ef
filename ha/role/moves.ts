/**
 * Whether the active node should hand over by itself. It does so only in favour of a node that is in sync and has
 * nothing wrong with it that is not wrong here as well: what both suffer from, such as a dead gateway, moves nobody.
 */

/** What may be wrong with a node, the worst first. */
export type Fault = 'disk' | 'space' | 'doors' | 'carrier' | 'gateway' | 'etcd' | 'lag'

export interface Health {
  /** 100: all is well. */
  score: number
  /** What is wrong, in words. What is not looked at is not wrong. */
  faults: Partial<Record<Fault, string>>
}

export interface Situation {
  nowMs: number
  other: string
  own: Health
  /** Undefined: the other node was not heard lately. */
  others: Health | undefined
  /** The other node has every acknowledged save. */
  isOtherInsync: boolean
  /** When the role last moved, whichever way. */
  movesMs: readonly number[]
  /** Empty: whichever is active, stays. */
  preferred: string
  /** 0: the preferred node never gets it back by itself. */
  failbackMinutes: number
}

/** What has been so for how long. */
export interface Watched {
  /** Faults that this node has and the other has not. */
  worseSinceMs: Partial<Record<Fault, number>>
  /** Our score is lower by the margin. */
  lowerSinceMs: number | undefined
  /** The other node has no fault. */
  wellSinceMs: number | undefined
}

export type Verdict = { yield: true; why: string } | { yield: false; why: string; isLoud?: true }

export const unwatched: Watched = { worseSinceMs: {}, lowerSinceMs: undefined, wellSinceMs: undefined }

/** A difference counts once it has lasted: cables and gateways come back, full disks do not. */
const lastsMs: Record<Fault, number> = {
  disk: 0,
  space: 0,
  doors: 1_000,
  carrier: 1_000,
  gateway: 1_000,
  etcd: 10_000,
  lag: 10_000,
}
const lowerLastsMs = 1_000
const margin = 20
const mostMoves = 3
const withinMs = 600_000

export function judgeMove(before: Watched, situation: Situation): { watched: Watched; verdict: Verdict } {
  const watched = watch(before, situation)
  return { watched, verdict: verdictOn(watched, situation) }
}

function watch(before: Watched, { nowMs, own, others }: Situation): Watched {
  const worse =
    others === undefined ? [] : faultsOf(own).filter((fault) => others.faults[fault] === undefined)
  // Faults are in the score, too; they count by their own time.
  const isLower = others !== undefined && worse.length === 0 && others.score >= own.score + margin
  const isWell = others !== undefined && faultsOf(others).length === 0
  return {
    worseSinceMs: Object.fromEntries(worse.map((fault) => [fault, before.worseSinceMs[fault] ?? nowMs])),
    lowerSinceMs: isLower ? (before.lowerSinceMs ?? nowMs) : undefined,
    wellSinceMs: isWell ? (before.wellSinceMs ?? nowMs) : undefined,
  }
}

function verdictOn(watched: Watched, situation: Situation): Verdict {
  const reason = reasonToYield(watched, situation)
  if (reason === undefined) return { yield: false, why: whyContent(situation) }
  const no = whyNotThere(situation)
  if (no !== undefined) return { yield: false, why: `${reason}, but ${no}` }
  const { nowMs, movesMs } = situation
  const moves = movesMs.filter((atMs) => nowMs - atMs < withinMs).length
  if (moves < mostMoves) return { yield: true, why: reason }
  const why = `${reason}, but the role has moved ${moves} times in 10 minutes; it stays until somebody has looked`
  return { yield: false, why, isLoud: true }
}

function whyContent({ own, others, other }: Situation): string {
  const [fault] = faultsOf(own)
  if (fault === undefined) return 'all is well here'
  const isShared = others?.faults[fault] !== undefined
  return `${own.faults[fault]}: ${isShared ? `${other} is no better` : 'it has not lasted yet'}`
}

/** What speaks against the other node. */
function whyNotThere({ own, others, other, isOtherInsync }: Situation): string | undefined {
  if (others === undefined) return `${other} was not heard`
  const alsoWrong = faultsOf(others).find((fault) => own.faults[fault] === undefined)
  if (alsoWrong !== undefined) return `${other} is no better: ${others.faults[alsoWrong]}`
  if (others.score < own.score) return `${other} is no better: its score is ${others.score}`
  if (!isOtherInsync) return `${other} is stale: acknowledged saves may be missing there`
  return undefined
}

function reasonToYield({ worseSinceMs, lowerSinceMs, wellSinceMs }: Watched, situation: Situation) {
  const { nowMs, own, others, other, preferred, failbackMinutes } = situation
  const lasts = (sinceMs: number | undefined, ms: number) => sinceMs !== undefined && nowMs - sinceMs >= ms
  const fault = order.find((each) => lasts(worseSinceMs[each], lastsMs[each]))
  if (fault !== undefined) return own.faults[fault]
  if (lasts(lowerSinceMs, lowerLastsMs)) return `score ${own.score}, and ${other} has ${others?.score}`
  const comesBack = preferred === other && failbackMinutes > 0
  if (comesBack && lasts(wellSinceMs, failbackMinutes * 60_000))
    return `${other} is preferred, and has been well for ${failbackMinutes} minutes`
  return undefined
}

const order = Object.keys(lastsMs) as Fault[]
const faultsOf = ({ faults }: Health) => order.filter((fault) => faults[fault] !== undefined)
