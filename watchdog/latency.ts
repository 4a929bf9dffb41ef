/**
 * The normal latency of one probe, learned as a running estimate: each answer moves it by a small step however far off
 * the answer is, so that a few odd ones teach it nothing. While answers drift the steps are tiny: a lasting change is
 * normal again after some hundred answers, and until then it is news.
 */
export interface Latency {
  /** Answers seen, up to those that make a first estimate. */
  answers: number
  normalMs: number
  /** Usual distance from normal. */
  deviationMs: number
  /** Answers in a row that say the other than `drifting`. */
  against: number
  drifting: boolean
}

export const unlearned: Latency = { answers: 0, normalMs: 0, deviationMs: 0, against: 0, drifting: false }

/** So many answers make a first estimate; nothing is far off before. */
const firstAnswers = 10
/** So many in a row make a drift, and end it. */
const drift = 5
const step = 0.02
const stepWhileDrifting = 0.002

/** Far beyond normal: several times as long, well outside the usual spread, and long enough to matter on a local network. */
export const limitMs = ({ normalMs, deviationMs }: Latency): number =>
  Math.max(4 * normalMs, normalMs + 6 * deviationMs, normalMs + 100)

export function learned(before: Latency, ms: number): Latency {
  if (before.answers < firstAnswers) return firstEstimate(before, ms)
  const isAgainst = ms > limitMs(before) !== before.drifting
  const against = isAgainst ? before.against + 1 : 0
  const turns = against >= drift
  const share = before.drifting ? stepWhileDrifting : step
  return {
    ...before,
    normalMs: Math.max(0.1, before.normalMs * (ms > before.normalMs ? 1 + share : 1 - share)),
    deviationMs: moved(before, ms, share),
    against: turns ? 0 : against,
    drifting: turns ? !before.drifting : before.drifting,
  }
}

/** The least of the first answers would be too hopeful, the mean is pulled by the slow first one: in between, halved steps. */
function firstEstimate(before: Latency, ms: number): Latency {
  const answers = before.answers + 1
  if (answers === 1) return { ...before, answers, normalMs: ms }
  const clipped = Math.min(ms, 2 * before.normalMs + 1)
  const normalMs = before.normalMs + (clipped - before.normalMs) / Math.min(answers, 4)
  const deviationMs = before.deviationMs + (Math.abs(clipped - normalMs) - before.deviationMs) / answers
  return { ...before, answers, normalMs, deviationMs }
}

function moved({ normalMs, deviationMs }: Latency, ms: number, share: number): number {
  const wider = Math.abs(ms - normalMs) > deviationMs
  return wider ? deviationMs + share * Math.max(deviationMs, normalMs) : deviationMs * (1 - share)
}
