/**
 * When the neighbours are told that a floating address is here, without clocks or sockets. Phones and switches that
 * hear none of it go on sending to the machine that had the address before.
 */

/** Due times, in milliseconds of any one clock, the next one first. Never empty. */
export type Plan = readonly number[]

/** After taking the address. Two of them come when an old kernel heeds another change again, which is after 1 s. */
const burstMs = [0, 50, 200, 1_100, 2_200, 5_000]
/** Heals what somebody else has said meanwhile, and what switches forget. */
const refreshMs = 30_000
/** At once, and once more for kernels that had just heeded the other one. */
const contradictionMs = [0, 1_100]

/** The address is here as of `now`. */
export const beginAnnouncing = (now: number): Plan => burstMs.map((ms) => now + ms)

/** Somebody else has claimed the address. */
export const contradict = (plan: Plan, now: number): Plan =>
  [...contradictionMs.map((ms) => now + ms), ...plan].toSorted((a, b) => a - b)

/**
 * It was announced; what came due meanwhile, too, is done with it.
 * @param chance from 0 to 1, so that many machines do not speak in step
 */
export function announced(plan: Plan, now: number, chance: number): Plan {
  const left = plan.filter((due) => due > now)
  return left.length > 0 ? left : [now + refreshMs * (0.8 + 0.4 * chance)]
}
